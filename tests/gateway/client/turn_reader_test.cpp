#include "gateway/client/turn_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/gateway/client/script.hpp"

namespace emostage::gateway {
namespace {

using namespace test;

// Feeds events and answers `resume after` from the whole script, as a broker would.
struct Reading {
    explicit Reading(std::vector<wire::Event> events) : script(std::move(events)) {}

    void on(const wire::Event& event) {
        std::vector<wire::Event> ready;
        reader.on(event, ready);
        for (const auto& next : ready) view.add(next);
    }
    void feed(const std::vector<wire::Event>& events) {
        for (const auto& event : events) on(event);
    }
    void resume() {
        for (auto at = reader.last(); at < script.size(); ++at) on(script[at]);
    }

    std::vector<wire::Event> script;
    TurnReader reader;
    View view;
};

void expect_whole(const Reading& reading) {
    EXPECT_EQ(reading.view, view_of(reading.script));
    EXPECT_EQ(reading.view.ends, 1);
    EXPECT_EQ(reading.reader.state(), TurnReader::State::ended);
    EXPECT_FALSE(reading.reader.behind());
    EXPECT_EQ(reading.reader.last(), reading.script.size());
}

TEST(TurnReader, AnUndisturbedTurnGoesOutAsItCame) {
    Reading reading(scripted_turn());
    for (const auto& event : reading.script) {
        EXPECT_FALSE(reading.reader.behind());
        reading.on(event);
        EXPECT_EQ(reading.view.numbers.back(), event.seq);
    }
    expect_whole(reading);
}

TEST(TurnReader, FromAnyNumberOnWhatFollowsGoesOut) {
    const auto script = scripted_turn();
    for (std::size_t after = 1; after < script.size(); ++after) {
        SCOPED_TRACE(after);
        Reading reading(script);
        reading.reader = TurnReader(after);
        reading.feed(script);
        std::vector<std::uint64_t> expected;
        for (auto seq = after + 1; seq <= script.size(); ++seq) expected.push_back(seq);
        EXPECT_EQ(reading.view.numbers, expected);
        EXPECT_EQ(reading.reader.state(), TurnReader::State::ended);
    }
}

TEST(TurnReader, AMergedDeltaThatBeginsBeforeItsNumberIsAskedForAgain) {
    Reading reading(scripted_turn());
    reading.reader = TurnReader(9);
    reading.on(merged(reading.script, 8, 11));
    EXPECT_TRUE(reading.view.numbers.empty());
    EXPECT_TRUE(reading.reader.behind());
    reading.on(merged(reading.script, 10, 11));
    reading.on(reading.script[11]);
    EXPECT_EQ(reading.view.numbers, (std::vector<std::uint64_t>{11, 12}));
}

TEST(TurnReader, WhatBeginsAfterAResetIsCheckedThoughItsReaderCameLate) {
    auto script = scripted_turn();
    std::get<wire::Completed>(script.back().body).text_hash = "0000000000000000";
    Reading before(script), after(script);
    before.reader = TurnReader(5);  // the reset is number 7
    before.feed(script);
    EXPECT_EQ(before.reader.state(), TurnReader::State::broken);
    after.reader = TurnReader(8);
    after.feed(script);
    EXPECT_EQ(after.reader.state(), TurnReader::State::ended) << "it has not seen the beginning";
}

TEST(TurnReader, AnyRunOfLostEventsIsFoundAndResumedAtItsPlace) {
    const auto script = scripted_turn();
    for (std::size_t first = 0; first < script.size(); ++first) {
        for (std::size_t after = first + 1; after <= script.size(); ++after) {
            SCOPED_TRACE(std::to_string(first) + ".." + std::to_string(after));
            Reading reading(script);
            for (std::size_t i = 0; i < script.size(); ++i) {
                if (i < first || i >= after) reading.on(script[i]);
            }
            // A lost tail shows in the beacon alone.
            if (after == script.size()) {
                EXPECT_FALSE(reading.reader.behind());
                reading.reader.exists(script.size());
            }
            EXPECT_TRUE(reading.reader.behind());
            EXPECT_EQ(reading.reader.last(), first);
            EXPECT_EQ(reading.view.ends, 0);
            reading.resume();
            expect_whole(reading);
        }
    }
}

TEST(TurnReader, EventsThatComeTwiceGoOutOnce) {
    const auto script = scripted_turn();
    for (std::size_t cut = 0; cut <= script.size(); ++cut) {
        for (std::size_t back = 0; back <= cut; ++back) {
            Reading reading(script);
            for (std::size_t i = 0; i < cut; ++i) reading.on(script[i]);
            for (std::size_t i = back; i < script.size(); ++i) reading.on(script[i]);
            expect_whole(reading);
        }
    }
}

TEST(TurnReader, AnyTwoEventsMayBeExchanged) {
    const auto script = scripted_turn();
    for (std::size_t i = 0; i < script.size(); ++i) {
        for (std::size_t j = i + 1; j < script.size(); ++j) {
            Reading reading(script);
            auto order = script;
            std::swap(order[i], order[j]);
            reading.feed(order);
            expect_whole(reading);
        }
    }
}

TEST(TurnReader, AnyOrderOfAllEventsGivesTheSameStream) {
    const auto script = scripted_turn();
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        Reading reading(script);
        auto order = script;
        std::shuffle(order.begin(), order.end(), random);
        reading.feed(order);
        expect_whole(reading);
    }
}

TEST(TurnReader, AMergedDeltaGivesOnlyWhatIsNewOfIt) {
    const auto script = scripted_turn();
    // Numbers 8 to 11 are the deltas after the reset.
    for (std::uint64_t held = 7; held <= 11; ++held) {
        for (std::uint64_t from = 8; from <= 11; ++from) {
            for (std::uint64_t to = from; to <= 11; ++to) {
                SCOPED_TRACE(std::to_string(held) + " " + std::to_string(from) + ".." +
                             std::to_string(to));
                Reading reading(script);
                for (std::uint64_t seq = 1; seq <= held; ++seq) reading.on(script[seq - 1]);
                reading.on(merged(script, from, to));
                if (from <= held + 1) {
                    EXPECT_EQ(reading.reader.last(), std::max(held, to));
                } else {
                    EXPECT_TRUE(reading.reader.behind());
                }
                reading.resume();
                expect_whole(reading);
            }
        }
    }
}

TEST(TurnReader, OverlappingReplaysInAnyOrderGiveTheSameReply) {
    const auto script = scripted_turn();
    std::mt19937 random(11);
    std::uniform_int_distribution<int> number(8, 11), early(4, 6);
    for (int round = 0; round < 2000; ++round) {
        Reading reading(script);
        auto order = script;
        for (int extra = 0; extra < 4; ++extra) {
            auto a = number(random), b = number(random);
            order.push_back(merged(script, std::min(a, b), std::max(a, b)));
            a = early(random), b = early(random);
            order.push_back(merged(script, std::min(a, b), std::max(a, b)));
        }
        std::shuffle(order.begin(), order.end(), random);
        // Some are lost for good.
        order.resize(order.size() - 5);
        reading.feed(order);
        reading.reader.exists(script.size());
        for (int again = 0; again < 2 && reading.reader.behind(); ++again) reading.resume();
        expect_whole(reading);
    }
}

TEST(TurnReader, AMergedDeltaThatCannotBeCutIsAskedForAgain) {
    auto script = scripted_turn();
    Reading reading(script);
    for (std::uint64_t seq = 1; seq <= 7; ++seq) reading.on(script[seq - 1]);
    reading.on(merged(script, 8, 10));  // goes out as one: where 9 began is not known any more
    reading.on(merged(script, 9, 11));
    EXPECT_EQ(reading.reader.last(), 10u);
    EXPECT_TRUE(reading.reader.behind());
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, AMergedDeltaShorterThanWhatItReplacesIsNotBelieved) {
    auto script = scripted_turn();
    Reading reading(script);
    for (std::uint64_t seq = 1; seq <= 9; ++seq) reading.on(script[seq - 1]);
    reading.on(event(10, wire::Delta{"短", 8}, 2));
    EXPECT_EQ(reading.reader.last(), 9u);
    EXPECT_TRUE(reading.reader.behind());
}

TEST(TurnReader, AMergedDeltaIsNeverCutInsideACharacter) {
    Reading reading(numbered({wire::Accepted{0}, wire::Delta{"ab"}}));
    reading.resume();
    reading.on(event(3, wire::Delta{"aあ", 2}));  // two bytes in is the middle of あ
    EXPECT_EQ(reading.reader.last(), 2u);
    EXPECT_TRUE(reading.reader.behind());
}

TEST(TurnReader, AVeryLongReplyIsStillCutAtItsBeginningAndNearItsEnd) {
    std::vector<wire::EventBody> bodies{wire::Accepted{0}};
    std::string reply;
    for (int i = 0; i < 1000; ++i) {
        bodies.push_back(wire::Delta{std::to_string(i) + ","});
        reply += std::to_string(i) + ",";
    }
    bodies.push_back(completed(reply));
    for (const std::uint64_t from : {2u, 700u, 899u}) {
        Reading reading(numbered(bodies));
        for (std::uint64_t seq = 1; seq <= 900; ++seq) reading.on(reading.script[seq - 1]);
        reading.on(merged(reading.script, from, 1001));
        EXPECT_EQ(reading.reader.last(), 1001u) << from;
        reading.resume();
        expect_whole(reading);
    }
    // In between the marks are gone: asked for again, and nothing comes twice.
    Reading reading(numbered(bodies));
    for (std::uint64_t seq = 1; seq <= 900; ++seq) reading.on(reading.script[seq - 1]);
    reading.on(merged(reading.script, 300, 1001));
    EXPECT_EQ(reading.reader.last(), 900u);
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, TheWholeReplayOfALiveTurnAddsOnlyItsRest) {
    // A join from the start merges all deltas; this reader holds the half of them.
    const auto script = scripted_turn();
    for (std::size_t held = 0; held <= script.size(); ++held) {
        Reading reading(script);
        for (std::size_t i = 0; i < held; ++i) reading.on(script[i]);
        reading.feed({script[0], script[1], script[2], merged(script, 4, 6), script[6],
                      merged(script, 8, 11), script[11]});
        expect_whole(reading);
    }
}

TEST(TurnReader, EarlyEventsAreBoundedInNumberAndComeWithTheReplay) {
    std::vector<wire::EventBody> bodies{wire::Accepted{0}};
    std::string reply;
    for (std::size_t i = 0; i < TurnReader::early_events_max * 3; ++i) {
        bodies.push_back(wire::Delta{"x"});
        reply += "x";
    }
    bodies.push_back(completed(reply));
    Reading reading(numbered(bodies));
    for (std::size_t i = 1; i < reading.script.size(); ++i) reading.on(reading.script[i]);
    EXPECT_TRUE(reading.reader.behind());
    EXPECT_EQ(reading.reader.last(), 0u);
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, EarlyEventsAreBoundedInBytes) {
    const std::string piece(TurnReader::early_bytes_max / 2, 'y');
    Reading reading(numbered({wire::Accepted{0}, wire::Delta{piece}, wire::Delta{piece},
                              wire::Delta{piece}, completed(piece + piece + piece)}));
    for (std::size_t i = 1; i < reading.script.size(); ++i) reading.on(reading.script[i]);
    reading.on(reading.script[0]);
    EXPECT_EQ(reading.reader.last(), 1u) << "what did not fit must have been dropped";
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, AReplyThatContradictsItsHashIsNeverCompleted) {
    auto script = scripted_turn();
    auto damaged = script;
    std::get<wire::Delta>(damaged[8].body).text = "ない";
    Reading reading(damaged);
    reading.resume();
    EXPECT_EQ(reading.reader.state(), TurnReader::State::broken);
    EXPECT_EQ(reading.view.ends, 0);
    EXPECT_EQ(reading.reader.last(), 11u);
}

TEST(TurnReader, AByteCountThatIsWrongBreaksTheTurnToo) {
    auto script = scripted_turn();
    std::get<wire::Completed>(script.back().body).text_bytes += 1;
    Reading reading(script);
    reading.resume();
    EXPECT_EQ(reading.reader.state(), TurnReader::State::broken);
    EXPECT_EQ(reading.view.ends, 0);
}

TEST(TurnReader, AnEmptyReplyHasTheHashOfNothing) {
    Reading whole(numbered({wire::Accepted{0}, completed("")}));
    whole.resume();
    expect_whole(whole);
    Reading wrong(numbered({wire::Accepted{0}, completed("x")}));
    wrong.resume();
    EXPECT_EQ(wrong.reader.state(), TurnReader::State::broken);
}

TEST(TurnReader, ABrokenTurnIsReadAgainWithoutRepeatingItsStages) {
    const auto script = scripted_turn();
    Reading reading(script);
    auto damaged = script;
    std::get<wire::Delta>(damaged[8].body).text = "ない";
    reading.feed(damaged);
    ASSERT_EQ(reading.reader.state(), TurnReader::State::broken);
    reading.view.add(event(0, wire::Reset{"damaged"}));
    reading.reader.restart();
    EXPECT_TRUE(reading.reader.behind());
    EXPECT_EQ(reading.reader.last(), 0u);
    reading.resume();
    EXPECT_EQ(reading.reader.state(), TurnReader::State::ended);
    EXPECT_EQ(reading.view.reply, view_of(script).reply);
    EXPECT_EQ(reading.view.ends, 1);
    EXPECT_EQ(
        std::count(reading.view.others.begin(), reading.view.others.end(), "stage perspective"), 1);
}

TEST(TurnReader, AnAttemptThatWasLeftNeverSpeaksAgain) {
    const auto script = scripted_turn();
    Reading reading(script);
    for (std::size_t i = 0; i < 8; ++i) reading.on(script[i]);
    reading.on(event(9, wire::Delta{"old"}, 1));
    EXPECT_EQ(reading.reader.state(), TurnReader::State::broken);
    EXPECT_EQ(reading.view.reply.find("old"), std::string::npos);
}

TEST(TurnReader, ALaterAttemptMayContinueTheReplyWithoutAReset) {
    Reading reading({event(1, wire::Accepted{0}, 0), event(2, wire::Started{"w1"}, 1),
                     event(3, wire::Delta{"half"}, 1), event(4, wire::Started{"w2"}, 2),
                     event(5, wire::Delta{" and half"}, 2),
                     event(6, completed("half and half"), 2)});
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, AQueuedTurnMayEndBetweenAttempts) {
    Reading reading({event(1, wire::Accepted{0}, 0), event(2, wire::Started{"w1"}, 1),
                     event(3, wire::Cancelled{"asked"}, 0)});
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, NothingComesAfterTheEnd) {
    Reading reading(scripted_turn());
    reading.resume();
    reading.on(event(13, wire::Delta{"more"}, 2));
    reading.on(event(14, wire::Failed{Errc::internal, "", false}, 2));
    reading.reader.exists(20);
    expect_whole(reading);
}

TEST(TurnReader, AnUnknownKindOfEventTakesItsNumberAndIsNotShown) {
    Reading reading(numbered({wire::Accepted{0}, wire::Other{}, wire::Delta{"a"}, completed("a")}));
    reading.resume();
    EXPECT_EQ(reading.view.numbers, (std::vector<std::uint64_t>{1, 3, 4}));
    EXPECT_EQ(reading.reader.state(), TurnReader::State::ended);
}

TEST(TurnReader, ADeltaThatEndsBeforeItBeginsIsIgnored) {
    Reading reading(scripted_turn());
    reading.on(event(1, wire::Delta{"x", 5}));
    reading.on(event(0, wire::Delta{"x"}));
    EXPECT_EQ(reading.reader.last(), 0u);
    EXPECT_TRUE(reading.view.numbers.empty());
    reading.resume();
    expect_whole(reading);
}

TEST(TurnReader, AnotherBrokersNumbersStartAnew) {
    const auto script = scripted_turn();
    Reading reading(script);
    for (std::size_t i = 0; i < 9; ++i) reading.on(script[i]);
    reading.reader.forget();
    EXPECT_FALSE(reading.reader.behind());
    EXPECT_EQ(reading.reader.last(), 0u);
    reading.view = {};
    reading.resume();
    expect_whole(reading);
}

}  // namespace
}  // namespace emostage::gateway
