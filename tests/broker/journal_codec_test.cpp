#include "broker/journal_codec.hpp"
#include "broker/journal_events.hpp"

#include <gtest/gtest.h>

#include "broker/fanout.hpp"
#include "broker/lease_table.hpp"
#include "broker/session_table.hpp"
#include "core/codec/pack.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

const Now at{TimePoint(1h), 1'700'000'000'000};

std::vector<wire::Event> events_of(const EventLog& log) {
    std::vector<wire::Event> events;
    log.replay(0, log.last(), 0, [&](wire::Event& event) { events.push_back(event); });
    return events;
}

class JournalCodecTest : public testing::Test {
protected:
    JournalCodecTest() {
        gateway_.name = "g1";
        turn_.open.gateway = "g1";
        turn_.open.turn = "t1";
        turn_.open.session = "s1";
        turn_.open.text = "I am sad.";
        turn_.open.locale = "en";
        turn_.open.pipeline = "emostage";
        turn_.open.priority = wire::Priority::high;
        turn_.open.on_lost = wire::OnLost::fail;
        turn_.open.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        turn_.content = {7, 8};
        turn_.order = 42;
        turn_.accepted_at = at.steady - 3s;
        turn_.deadline = at.steady + 5s;
        turn_.askers.push_back({&gateway_, 0});
        turn_.log.append(wire::Accepted{3}, 0, at.unix_ms - 3000);
    }

    Stored stored(std::uint64_t after = 0) {
        Stored stored{"b", 2, {turn_row(turn_, 600, true, at)}, {}, {}};
        add_event_rows(turn_, after, stored.events);
        return stored;
    }

    Gateway gateway_;
    Turn turn_;
};

TEST_F(JournalCodecTest, AQueuedTurnIsReadAsItWas) {
    turn_.open.history = {{wire::Role::user, "hello"}, {wire::Role::assistant, "hi"}};
    turn_.attempt = 2;
    turn_.returns = 3;
    turn_.alerted = turn_.retried = true;
    const auto restored = read_stored(stored());
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->broker, "b");
    EXPECT_EQ(restored->start, 2u);
    ASSERT_EQ(restored->turns.size(), 1u);
    const auto& turn = restored->turns[0];
    EXPECT_EQ(turn.open, turn_.open);
    EXPECT_EQ(turn.content, turn_.content);
    EXPECT_EQ(turn.order, 42u);
    EXPECT_EQ(turn.state, TurnState::queued);
    EXPECT_EQ(turn.accepted_ms, at.unix_ms - 3000);
    EXPECT_EQ(turn.deadline_ms, at.unix_ms + 5000);
    EXPECT_EQ(turn.attempt, 2u);
    EXPECT_EQ(turn.returns, 3u);
    EXPECT_TRUE(turn.alerted);
    EXPECT_TRUE(turn.retried);
    EXPECT_EQ(turn.askers, std::vector<std::string>{"g1"});
    EXPECT_EQ(turn.reserved, 600u);
    EXPECT_FALSE(turn.lease);
    EXPECT_EQ(events_of(turn.log), events_of(turn_.log));
}

TEST_F(JournalCodecTest, ARunningTurnComesWithItsLease) {
    Worker worker;
    worker.instance = "i1";
    worker.name = "w1";
    Lease lease;
    lease.id = 99;
    lease.worker = &worker;
    lease.next_ordinal = 5;
    lease.started = lease.shown = true;
    turn_.lease = &lease;
    turn_.state = TurnState::running;
    const auto restored = read_stored(stored());
    ASSERT_TRUE(restored) << restored.error().message;
    const auto& read = restored->turns[0].lease;
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, 99u);
    EXPECT_EQ(read->instance, "i1");
    EXPECT_EQ(read->worker, "w1");
    EXPECT_EQ(read->next_ordinal, 5u);
    EXPECT_TRUE(read->started);
    EXPECT_TRUE(read->shown);
}

TEST_F(JournalCodecTest, AnEndedTurnKeepsItsEventsAndNotWhatItWasAsked) {
    turn_.log.append(wire::Cancelled{"requested"}, 0, at.unix_ms);
    turn_.state = TurnState::ended;
    turn_.ended_at = at.steady - 1s;
    const auto row = turn_row(turn_, 2, false, at);
    EXPECT_EQ(row.request, "");
    EXPECT_EQ(row.ended_ms, at.unix_ms - 1000);
    EXPECT_EQ(row.head.find("I am sad."), std::string::npos);
    const auto restored = read_stored(stored());
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->turns[0].open.text, "");
    EXPECT_EQ(restored->turns[0].last, 2u);
    EXPECT_EQ(restored->turns[0].log.last(), 0u) << "nobody has asked for them yet";
    EXPECT_EQ(events_of(unpack_events(restored->turns[0].packed, 0, 0)), events_of(turn_.log));
}

TEST_F(JournalCodecTest, EventsOfAnEndedTurnThatAreNotUnderstoodBecomeOneFailure) {
    for (int i = 0; i < 5; ++i) turn_.log.append_delta("word ", 1, at.unix_ms);
    std::vector<EventsRow> rows;
    add_event_rows(turn_, 0, rows);
    turn_.log.append(wire::Cancelled{"requested"}, 1, at.unix_ms);
    add_event_rows(turn_, 6, rows);
    rows[1].events = "\xc1";
    const auto log = unpack_events(rows, 3, at.unix_ms + 1);
    const auto events = events_of(log);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].seq, 7u);
    EXPECT_EQ(wire::first_number(events[0]), 1u);
    EXPECT_EQ(events[0].attempt, 3u);
    EXPECT_EQ(events[0].at_ms, at.unix_ms + 1);
    EXPECT_EQ(std::get<wire::Failed>(events[0].body).code, Errc::internal);
}

TEST_F(JournalCodecTest, EveryEventKeepsItsNumberAttemptAndTime) {
    auto& log = turn_.log;
    std::int64_t ms = at.unix_ms;
    log.append(wire::Started{"w1"}, 1, ++ms);
    wire::Stage stage{"perspective", wire::StageStatus::done, {}, 12, {"risk"}};
    codec::Packer(stage.result.bytes).map(1).field("risk", std::string_view("alert"));
    log.append(stage, 1, ++ms);
    log.append(wire::Alert{"perspective", "risk", "alert"}, 1, ++ms);
    for (const auto* text : {"a", "", "\xe3\x81\x82", "bc"}) log.append_delta(text, 1, ms += 7);
    log.append_delta("d", 2, --ms);  // clocks go back
    log.append(wire::Reset{"worker_lost"}, 2, ++ms);
    log.append_delta("e", 2, ++ms);
    log.append_gap(600, wire::Reset{"worker_lost"}, 3, ++ms);
    log.append_delta("f", 3, ++ms);
    log.append_gap(700, wire::Failed{Errc::worker_lost, "lost", true}, 3, ++ms);
    const auto restored = read_stored(stored());
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(events_of(restored->turns[0].log), events_of(log));
    EXPECT_EQ(restored->turns[0].log.text(), log.text());
}

TEST_F(JournalCodecTest, EventsThatCameInSeveralRowsAreOneLog) {
    Stored stored{"b", 1, {}, {}, {}};
    add_event_rows(turn_, 0, stored.events);
    for (int i = 0; i < 30; ++i) {
        const auto before = turn_.log.last();
        turn_.log.append_delta("word ", 1, at.unix_ms + i);
        if (i % 10 == 9) turn_.log.append(wire::Reset{"again"}, 1, at.unix_ms + i);
        add_event_rows(turn_, before, stored.events);
    }
    stored.turns.push_back(turn_row(turn_, 100, true, at));
    EXPECT_EQ(stored.events.size(), 31u);
    const auto restored = read_stored(std::move(stored));
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(events_of(restored->turns[0].log), events_of(turn_.log));
}

TEST_F(JournalCodecTest, ALongReplyIsSpreadOverRowsThatCanBeRead) {
    const std::string piece(1000, 'x');
    for (int i = 0; i < 3'500; ++i) turn_.log.append_delta(piece, 1, at.unix_ms);
    auto all = stored();
    EXPECT_GE(all.events.size(), 3u);
    for (const auto& row : all.events) EXPECT_LT(row.events.size(), 2u * 1024 * 1024);
    const auto restored = read_stored(std::move(all));
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->turns[0].log.text(), turn_.log.text());
}

TEST_F(JournalCodecTest, ADeltaCostsItsTextAndAFewBytes) {
    for (int i = 0; i < 1'000; ++i) turn_.log.append_delta("word", 1, at.unix_ms + 20 * i);
    std::size_t bytes = 0;
    for (const auto& row : stored().events) bytes += row.events.size();
    EXPECT_LT(bytes, 1'000u * (4 + 5));
}

TEST_F(JournalCodecTest, ASessionIsReadAsItWas) {
    Session session;
    session.id = "s1";
    session.alerted = true;
    session.memory.add(3, "one", "two", 10, 1000);
    session.memory.add(9, "three", "", 10, 1000);
    wire::Packed state;
    codec::Packer(state.bytes).map(1).field("phase", std::string_view("opening"));
    session.memory.set_state(state);
    Stored stored{"b", 1, {}, {}, {session_row(session, at)}};
    const auto restored = read_stored(std::move(stored));
    ASSERT_TRUE(restored) << restored.error().message;
    ASSERT_EQ(restored->sessions.size(), 1u);
    const auto& read = restored->sessions[0];
    EXPECT_EQ(read.id, "s1");
    EXPECT_EQ(read.changed_ms, at.unix_ms);
    EXPECT_TRUE(read.alerted);
    EXPECT_EQ(read.memory.utterances(), session.memory.utterances());
    EXPECT_EQ(read.memory.state(), session.memory.state());
    EXPECT_EQ(read.memory.said().back().order, 9u);
    EXPECT_EQ(read.memory.bytes(), session.memory.bytes());
}

// --- what is not understood --------------------------------------------------------------------

TEST_F(JournalCodecTest, RowsOfAnotherVersionAreRefusedWithWhatToDo) {
    const auto refused = [](Stored stored, const std::string& about) {
        const auto restored = read_stored(std::move(stored));
        ASSERT_FALSE(restored);
        EXPECT_NE(restored.error().message.find(about), std::string::npos);
        EXPECT_NE(restored.error().message.find("start the version that wrote it"),
                  std::string::npos);
        EXPECT_EQ(restored.error().message.find("I am sad."), std::string::npos);
    };
    auto bad = stored();
    bad.turns[0].head = "no msgpack";
    refused(bad, "a turn");
    bad = stored();
    bad.turns[0].head.clear();
    refused(bad, "a turn");
    bad = stored();
    bad.turns[0].request.reset();
    refused(bad, "a turn");
    bad = stored();
    bad.turns[0].state = TurnState::running;  // and no lease
    refused(bad, "a turn");
    bad = stored();
    bad.events.clear();
    refused(bad, "a turn");
    bad = stored();
    bad.events.push_back(bad.events[0]);
    refused(bad, "events");
    bad = stored();
    bad.events[0].events = "\x92\x00\xa1x";
    refused(bad, "events");
    bad = stored();
    bad.sessions.push_back({"s1", 0, "\x80"});
    refused(bad, "a session");
}

TEST_F(JournalCodecTest, EveryTruncationIsRefusedAndNoneCrashes) {
    for (int i = 0; i < 20; ++i) turn_.log.append_delta("word", 1, at.unix_ms);
    const auto whole = stored();
    for (std::size_t size = 0; size < whole.turns[0].head.size(); ++size) {
        auto cut = whole;
        cut.turns[0].head.resize(size);
        EXPECT_FALSE(read_stored(std::move(cut)));
    }
    for (std::size_t size = 0; size < whole.events[0].events.size(); ++size) {
        auto cut = whole;
        cut.events[0].events.resize(size);
        EXPECT_FALSE(read_stored(std::move(cut)));
    }
}

}  // namespace
}  // namespace emostage::broker
