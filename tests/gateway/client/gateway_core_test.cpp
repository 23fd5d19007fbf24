#include "gateway/client/gateway_core.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/client/gateway_core_fixture.hpp"

namespace emostage::gateway {
namespace {

using namespace std::chrono_literals;
using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

// --- open ----------------------------------------------------------------------------------------

TEST_F(GatewayCoreTest, NothingIsPushedBeforeHelloAndThenInTheOrderOfAsking) {
    std::vector<std::unique_ptr<SinkRecorder>> sinks;
    Said expected;
    for (int i = 0; i < 20; ++i) {
        const auto turn = "turn-" + std::to_string(i);
        sinks.push_back(std::make_unique<SinkRecorder>());
        ASSERT_TRUE(open(turn, *sinks.back()));
        expected.push_back("open " + turn);
    }
    pass(2s);
    EXPECT_THAT(pushed(), IsEmpty());
    hello();
    EXPECT_EQ(pushed(), expected);
    EXPECT_THAT(outputs.links, ElementsAre(Link::ready));
}

TEST_F(GatewayCoreTest, AReadyLinkTakesAnOpenAtOnce) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_EQ(outputs.commands.size(), 1u);
    const auto& sent = std::get<wire::Open>(outputs.commands[0]);
    EXPECT_EQ(sent.gateway, "g1");
    EXPECT_EQ(sent.text, "hello");
}

TEST_F(GatewayCoreTest, AWholeTurnReachesItsSinkInOrderAndIsForgotten) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 12);
    EXPECT_EQ(sink.view, view_of(script));
    EXPECT_EQ(core.turns(), 0u);
    EXPECT_EQ(core.next_time(), std::nullopt) << "an idle gateway wants no timer";
    EXPECT_EQ(pushed(), Said{"open t1"});
}

TEST_F(GatewayCoreTest, AnOpenWithoutAnAnswerIsPushedAgainEverMoreRarely) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
        EXPECT_EQ(pushed(), Said{"open t1"});
        pass_with_beacons(static_cast<int>(wait.count()) - 1, {});
        pass(999ms);
        EXPECT_THAT(pushed(), IsEmpty());
        pass(1ms);
        beacon({});
    }
}

TEST_F(GatewayCoreTest, AcceptedStopsTheAskingAndALostOneIsAskedFor) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    pushed();
    say({script[1]});  // started: so it was accepted
    EXPECT_THAT(sink.events, IsEmpty());
    pass(20ms);
    EXPECT_EQ(pushed(), Said{"resume t1 after 0"});
    resumed(script, 0);
    EXPECT_EQ(sink.view, view_of(script));
    pass(10s);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreTest, WhatTheBrokerWouldRefuseIsRefusedHere) {
    wire::Limits limits;
    limits.text_bytes = 8;
    hello(limits);
    wire::Open open;
    open.turn = "t1";
    open.session = "s1";
    open.text = "nine byte";
    EXPECT_EQ(core.open(open, sink, clock).error().code, Errc::too_large);
    open.text = "";
    EXPECT_EQ(core.open(open, sink, clock).error().code, Errc::invalid_field);
    open.text = "\xff";
    EXPECT_FALSE(core.open(open, sink, clock));
    open.text = "ok";
    open.session = "a b";
    EXPECT_FALSE(core.open(open, sink, clock));
    open.session = "s1";
    open.turn = "";
    EXPECT_EQ(core.open(open, sink, clock).error().code, Errc::invalid_field);
    EXPECT_FALSE(core.join("no turn", 0, sink, clock));
    EXPECT_EQ(core.turns(), 0u);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreTest, ALimitThatHelloDoesNotNameStaysTheDefault) {
    wire::Limits none{};
    none.text_bytes = 0;
    hello(none);
    EXPECT_EQ(core.limits(), wire::Limits{});
    EXPECT_TRUE(open("t1", sink));
}

TEST_F(GatewayCoreTest, ARejectedOpenEndsWithTheBrokersWords) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say({event(0, wire::Rejected{Errc::overloaded, "full", 500}, 0)});
    ASSERT_NE(sink.last_as<wire::Rejected>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Rejected>()->retry_after_ms, 500);
    EXPECT_EQ(sink.view.ends, 1);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreTest, ARejectionAfterTwoPushesCancelsWhatTheSecondMayHaveBrought) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    pass(1s);
    say({event(0, wire::Rejected{Errc::overloaded, "full", 500}, 0)});
    EXPECT_EQ(pushed(), (Said{"open t1", "open t1", "cancel t1"}));
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, AConflictNeverCancelsTheTurnThatHasTheId) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    pass(1s);
    say({event(0, wire::Rejected{Errc::conflict, "other content", {}}, 0)});
    EXPECT_EQ(pushed(), (Said{"open t1", "open t1"}));
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, ARejectionOfAnAcceptedTurnAnswersSomebodyElse) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 5);
    say({event(0, wire::Rejected{Errc::conflict, "other content", {}}, 0)});
    resumed(script, 5);
    EXPECT_EQ(sink.view, view_of(script));
}

TEST_F(GatewayCoreTest, ARejectionBeforeAnythingWasPushedIsNotOurs) {
    ASSERT_TRUE(open("t1", sink));
    outputs.full = true;
    hello();
    say({event(0, wire::Rejected{Errc::conflict, "other content", {}}, 0)});
    EXPECT_THAT(sink.events, IsEmpty());
}

TEST_F(GatewayCoreTest, AFullPipeIsTriedAgainSoonAndKeepsTheOrder) {
    hello();
    outputs.full = true;
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(open("t2", other));
    pass(45ms);
    EXPECT_GE(core.counters().pipe_full, 2u);
    outputs.full = false;
    pass(20ms);
    EXPECT_EQ(pushed(), (Said{"open t1", "open t2"}));
}

TEST_F(GatewayCoreTest, EventsOfTurnsThatAreNotOursAreCountedAndIgnored) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    for (auto& foreign : scripted_turn("t2")) say({foreign});
    EXPECT_EQ(core.counters().foreign_events, 12u);
    EXPECT_THAT(sink.events, IsEmpty());
}

struct SmallGatewayTest : GatewayCoreTest {
    static Config small() {
        auto config = defaults();
        config.turns_max = 3;
        config.open_bytes_max = 400;
        return config;
    }
    SmallGatewayTest() : GatewayCoreTest(small()) {}
};

TEST_F(SmallGatewayTest, MoreTurnsThanTheLimitAreRefusedUntilOneEnds) {
    hello();
    SinkRecorder a, b, c;
    ASSERT_TRUE(open("t1", a) && open("t2", b) && open("t3", c));
    EXPECT_EQ(open("t4", sink).error().code, Errc::overloaded);
    say_range(script, 1, 12);
    EXPECT_TRUE(open("t4", sink));
}

TEST_F(SmallGatewayTest, MoreTextThanTheLimitIsRefusedUntilATurnEnds) {
    hello();
    wire::Open large;
    large.turn = "t1";
    large.session = "s1";
    large.text = std::string(250, 'x');
    ASSERT_TRUE(core.open(large, sink, clock));
    large.turn = "t2";
    EXPECT_EQ(core.open(large, other, clock).error().code, Errc::overloaded);
    say_range(script, 1, 12);
    EXPECT_TRUE(core.open(large, other, clock));
}

// --- gaps and tails ------------------------------------------------------------------------------

TEST_F(GatewayCoreTest, AGapIsAskedForAfterAShortWaitFromTheLastNumberHeld) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 4);
    say_range(script, 6, 8);
    pushed();
    pass(19ms);
    EXPECT_THAT(pushed(), IsEmpty());
    pass(1ms);
    EXPECT_EQ(pushed(), Said{"resume t1 after 4"});
    resumed(script, 4);
    EXPECT_EQ(sink.view, view_of(script));
    EXPECT_EQ(core.counters().gaps, 1u);
}

TEST_F(GatewayCoreTest, AGapThatAReplayFillsInTimeIsNotAskedFor) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 4);
    say({script[5]});
    pass(10ms);
    say({script[4]});
    pushed();
    pass(900ms);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreTest, AResumeThatIsLostIsRepeatedEverMoreRarely) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 4);
    say({script[5]});
    pushed();
    pass(20ms);
    for (const auto wait : {250ms, 500ms, 1000ms, 2000ms}) {
        EXPECT_EQ(pushed(), Said{"resume t1 after 4"});
        pass(wait - 1ms);
        EXPECT_THAT(pushed(), IsEmpty());
        beacon({{"t1", 6}});
        pass(1ms);
    }
    resumed(script, 4);
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, EveryLossOfAnyLengthIsMended) {
    for (std::size_t first = 0; first < script.size(); ++first) {
        for (std::size_t after = first + 1; after <= script.size(); ++after) {
            SCOPED_TRACE(std::to_string(first) + ".." + std::to_string(after));
            PushRecorder out;
            SinkRecorder heard;
            GatewayCore fresh(config, out, clock);
            fresh.on({broker, {event(0, wire::Hello{}, 0, "")}}, clock);
            wire::Open open;
            open.turn = "t1";
            open.session = "s1";
            open.text = "x";
            ASSERT_TRUE(fresh.open(open, heard, clock));
            for (std::size_t i = 0; i < script.size(); ++i) {
                if (i < first || i >= after) fresh.on({broker, {script[i]}}, clock);
            }
            fresh.on({broker, {event(0, wire::Beacon{{{"t1", script.size()}}}, 0, "")}}, clock);
            out.take();
            fresh.on_time({clock.steady + 20ms, clock.unix_ms});
            ASSERT_EQ(out.take(), Said{"resume t1 after " + std::to_string(first)});
            for (auto i = first; i < script.size(); ++i) fresh.on({broker, {script[i]}}, clock);
            EXPECT_EQ(heard.view, view_of(script));
        }
    }
}

TEST_F(GatewayCoreTest, ALostTailShowsInABeacon) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    beacon({{"other", 3}, {"t1", 12}});
    pass(20ms);
    EXPECT_EQ(pushed(), Said{"resume t1 after 9"});
    resumed(script, 9);
    EXPECT_EQ(sink.view, view_of(script));
}

TEST_F(GatewayCoreTest, ABeaconThatNamesWhatWeHoldAsksForNothing) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    pass_with_beacons(60, {{"t1", 9}});
    EXPECT_THAT(pushed(), IsEmpty());
    EXPECT_EQ(core.turns(), 1u) << "a turn that the beacons name is not given up";
}

TEST_F(GatewayCoreTest, ABeaconNamesATurnWhoseAcceptedWasLost) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    pushed();
    beacon({{"t1", 1}});
    pass(20ms);
    EXPECT_EQ(pushed(), Said{"resume t1 after 0"});
    say({script[0]});
    pass_with_beacons(9, {{"t1", 1}});
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreTest, ATurnThatNoBeaconNamesAnyMoreIsAskedFor) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(open("t2", other));
    say_range(script, 1, 9);
    for (auto seq : {0, 1}) say({scripted_turn("t2")[static_cast<std::size_t>(seq)]});
    pushed();
    pass_with_beacons(3, {{"t2", 2}});
    EXPECT_THAT(pushed(), IsEmpty());
    pass_with_beacons(1, {{"t2", 2}});
    EXPECT_EQ(pushed(), Said{"resume t1 after 9"});
    resumed(script, 9);
    EXPECT_EQ(sink.view, view_of(script));
}

TEST_F(GatewayCoreTest, ATurnThatTheBrokerHasForgottenIsOpenedOnceMore) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    say({event(0, wire::Rejected{Errc::unknown_turn, "", {}}, 0)});
    EXPECT_EQ(pushed(), Said{"open t1"});
    EXPECT_EQ(sink.view.reply, "");
    say({event(0, wire::Rejected{Errc::unknown_turn, "", {}}, 0)});  // of an earlier resume
    say_range(script, 1, 12);
    EXPECT_EQ(sink.view.reply, view_of(script).reply);
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, ATurnThatTheBrokerForgetsAgainFails) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    for (int i = 0; i < 2; ++i) {
        say_range(script, 1, 9);
        say({event(0, wire::Rejected{Errc::unknown_turn, "", {}}, 0)});
    }
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->code, Errc::unknown_turn);
    EXPECT_EQ(sink.view.ends, 1);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreTest, ATurnOfWhichNothingIsHeardFailsInTheEnd) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pass_with_beacons(29, {});
    EXPECT_EQ(sink.view.ends, 0);
    pass_with_beacons(2, {});
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->code, Errc::unavailable);
    EXPECT_TRUE(sink.last_as<wire::Failed>()->retryable);
    EXPECT_EQ(pushed().back(), "cancel t1") << "if it runs after all, nobody listens";
    EXPECT_EQ(sink.events.back().at_ms, clock.unix_ms - 1000);
}

TEST_F(GatewayCoreTest, ManyGapsAtOnceAreAskedForAtABoundedRate) {
    hello();
    std::vector<std::unique_ptr<SinkRecorder>> sinks;
    for (int i = 0; i < 2000; ++i) {
        sinks.push_back(std::make_unique<SinkRecorder>());
        ASSERT_TRUE(open("t" + std::to_string(i), *sinks.back()));
    }
    pushed();
    for (int i = 0; i < 2000; ++i) say({event(2, wire::Started{"w"}, 1, "t" + std::to_string(i))});
    pass(20ms);
    EXPECT_LE(pushed().size(), config.resumes_at_once + 30);
    pass(100ms);
    const auto hundred_ms = pushed().size();
    EXPECT_GE(hundred_ms, 80u);
    EXPECT_LE(hundred_ms, 130u);
    pass(2s);
    for (int i = 0; i < 2000; ++i) say({event(1, wire::Accepted{}, 0, "t" + std::to_string(i))});
    for (const auto& one : sinks) EXPECT_EQ(one->events.size(), 2u);
}

// --- damaged replies -----------------------------------------------------------------------------

TEST_F(GatewayCoreTest, ADamagedReplyIsTakenBackAndReadOnceMore) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    auto damaged = script;
    std::get<wire::Delta>(damaged[8].body).text = "ない";
    pushed();
    say_range(damaged, 1, 12);
    EXPECT_EQ(pushed(), Said{"resume t1 after 0"});
    ASSERT_NE(sink.last_as<wire::Reset>(), nullptr);
    EXPECT_EQ(sink.events.back().seq, 0u);
    EXPECT_EQ(sink.view.ends, 0);
    resumed(script, 0);
    EXPECT_EQ(sink.view.reply, view_of(script).reply);
    EXPECT_NE(sink.last_as<wire::Completed>(), nullptr);
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, AReplyThatStaysDamagedFailsAndIsNeverCompleted) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    auto damaged = script;
    std::get<wire::Completed>(damaged[11].body).text_hash = "0000000000000000";
    say_range(damaged, 1, 12);
    resumed(damaged, 0);
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.view.ends, 1);
    EXPECT_EQ(core.turns(), 0u);
}

// --- cancel --------------------------------------------------------------------------------------

TEST_F(GatewayCoreTest, ACancelGoesOutAtOnceAndAgainUntilTheEnd) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    core.cancel("t1", clock);
    core.cancel("t1", clock);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
    pass(500ms);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
    pass(999ms);
    EXPECT_THAT(pushed(), IsEmpty());
    pass(1ms);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
    say({event(10, wire::Cancelled{"asked"}, 2)});
    EXPECT_NE(sink.last_as<wire::Cancelled>(), nullptr);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreTest, ACancelBeforeTheOpenLeftEndsTheTurnHere) {
    ASSERT_TRUE(open("t1", sink));
    core.cancel("t1", clock);
    EXPECT_THAT(sink.events, IsEmpty()) << "a sink is never called from inside cancel()";
    pass(0ms);
    ASSERT_NE(sink.last_as<wire::Cancelled>(), nullptr);
    hello();
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreTest, ACancelledOpenIsNotPushedAgain) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    core.cancel("t1", clock);
    pass(3s);
    for (const auto& said : pushed()) EXPECT_TRUE(said == "cancel t1" || said == "open t1");
    EXPECT_EQ(core.counters().opens_pushed, 1u);
    say({event(0, wire::Rejected{Errc::unknown_turn, "", {}}, 0)});
    EXPECT_NE(sink.last_as<wire::Cancelled>(), nullptr) << "the open was lost";
}

TEST_F(GatewayCoreTest, ATurnThatEndsBeforeTheCancelArrivesKeepsItsOwnEnd) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 11);
    core.cancel("t1", clock);
    say({script[11]});
    EXPECT_NE(sink.last_as<wire::Completed>(), nullptr);
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, AnAbandonedTurnIsCancelledInSilence) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 5);
    const auto heard = sink.events.size();
    pushed();
    core.abandon("t1", sink, clock);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
    say_range(script, 6, 8);
    say({event(9, wire::Cancelled{"asked"}, 2)});
    EXPECT_EQ(sink.events.size(), heard);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreTest, UnknownTurnsAreCancelledByDoingNothing) {
    hello();
    core.cancel("t9", clock);
    core.abandon("t9", sink, clock);
    EXPECT_THAT(pushed(), IsEmpty());
}

// --- the broker goes, comes and changes ----------------------------------------------------------

TEST_F(GatewayCoreTest, NoHelloForLongIsToldAndAskedForEverMoreRarely) {
    pass(3499ms);
    EXPECT_THAT(outputs.links, IsEmpty());
    pass(1ms);
    EXPECT_THAT(outputs.links, ElementsAre(Link::reconnecting));
    EXPECT_EQ(outputs.resubscribed, 1);
    pass(3500ms);
    EXPECT_EQ(outputs.resubscribed, 2);
    pass(7s);
    EXPECT_EQ(outputs.resubscribed, 3);
    pass(10s);
    EXPECT_EQ(outputs.resubscribed, 4);
    hello();
    EXPECT_THAT(outputs.links, ElementsAre(Link::reconnecting, Link::ready));
}

TEST_F(GatewayCoreTest, SilenceWithALiveTurnIsReconnectingAndHoldsBackCommands) {
    hello();
    pass(1h);  // idle: nothing is due, silence means nothing
    EXPECT_EQ(core.link(), Link::ready);
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    pass(3s);
    EXPECT_EQ(core.link(), Link::ready);
    pass(500ms);
    EXPECT_EQ(core.link(), Link::reconnecting);
    core.cancel("t1", clock);
    ASSERT_TRUE(open("t2", other));
    pass(5s);
    EXPECT_THAT(pushed(), IsEmpty());
    hello();
    EXPECT_EQ(pushed(), (Said{"resume t1 after 9", "cancel t1", "open t2"}));
}

TEST_F(GatewayCoreTest, ATurnOutlivesASilenceOfTheLink) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pass(10s);
    EXPECT_EQ(core.link(), Link::reconnecting);
    resumed(script, 9);  // any message shows that the subscription is alive
    EXPECT_EQ(core.link(), Link::ready);
    EXPECT_EQ(sink.view, view_of(script));
}

TEST_F(GatewayCoreTest, ASecondHelloResumesEveryTurnAndRepeatsUnansweredOpens) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    ASSERT_TRUE(open("t2", other));
    pushed();
    hello();
    EXPECT_EQ(pushed(), (Said{"resume t1 after 9", "open t2"}));
}

TEST_F(GatewayCoreTest, AnotherBrokerGetsTheSameOpensAndTheSinkAReset) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(open("t2", other));
    const auto first = outputs.commands;
    say_range(script, 1, 9);
    pushed();
    broker = "b2";
    hello();
    EXPECT_EQ(outputs.commands, first) << "the very same opens";
    ASSERT_NE(sink.last_as<wire::Reset>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Reset>()->reason, "broker_changed");
    EXPECT_EQ(sink.view.reply, "");
    EXPECT_THAT(other.events, IsEmpty()) << "it had shown nothing that would have to be taken back";
    say_range(script, 1, 12);
    EXPECT_EQ(sink.view.reply, view_of(script).reply);
    EXPECT_EQ(sink.view.ends, 1);
}

TEST_F(GatewayCoreTest, AnotherBrokerIsKnownByAnyMessage) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pushed();
    broker = "b2";
    beacon({});
    EXPECT_EQ(pushed(), Said{"open t1"});
}

TEST_F(GatewayCoreTest, BrokersMayChangeOften) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    for (int i = 2; i < 20; ++i) {
        say_range(script, 1, 9);
        broker = "b" + std::to_string(i);
        hello();
        EXPECT_EQ(sink.view.ends, 0);
    }
    say_range(script, 1, 12);
    EXPECT_EQ(sink.view.reply, view_of(script).reply);
}

TEST_F(GatewayCoreTest, LateWordsOfTheOldBrokerAreIgnored) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    broker = "b2";
    hello();
    say_range(script, 1, 2);
    const auto heard = sink.events.size();
    broker = "b1";
    say_range(script, 10, 12);
    EXPECT_EQ(sink.events.size(), heard);
    EXPECT_EQ(core.counters().brokers_lost, 1u);
    hello();  // but if it says hello, it is there again
    EXPECT_EQ(core.counters().brokers_lost, 2u);
}

TEST_F(GatewayCoreTest, ACancelledTurnIsNotGivenToAnotherBroker) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    core.cancel("t1", clock);
    pushed();
    broker = "b2";
    hello();
    EXPECT_THAT(pushed(), IsEmpty());
    EXPECT_NE(sink.last_as<wire::Cancelled>(), nullptr);
}

TEST_F(GatewayCoreTest, ATurnThatWasShownAndThenRejectedByAnotherBrokerHasFailed) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    broker = "b2";
    hello();
    say({event(0, wire::Rejected{Errc::overloaded, "full", 100}, 0)});
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->code, Errc::overloaded);
    EXPECT_TRUE(sink.last_as<wire::Failed>()->retryable);
}

TEST_F(GatewayCoreTest, ABrokerThatIsNotThereAtAllFailsTheTurnInTheEnd) {
    ASSERT_TRUE(open("t1", sink));
    pass(29s);
    EXPECT_THAT(sink.events, IsEmpty());
    pass(2s);
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->message, "the broker cannot be reached");
    EXPECT_EQ(core.turns(), 0u);
}

// --- deadlines -----------------------------------------------------------------------------------

TEST_F(GatewayCoreTest, ADeadlineEndsTheTurnHereIfTheBrokerDoesNot) {
    hello();
    deadline = 8000ms;
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pass_with_beacons(12, {{"t1", 9}});
    EXPECT_EQ(sink.view.ends, 0) << "the broker has its grace";
    pushed();
    pass_with_beacons(1, {{"t1", 9}});
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->code, Errc::deadline_exceeded);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
}

TEST_F(GatewayCoreTest, WithoutADeadlineTheBrokersLongestHolds) {
    wire::Limits limits;
    limits.deadline_ms = 10'000;
    hello(limits);
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    pass_with_beacons(14, {{"t1", 9}});
    EXPECT_EQ(sink.view.ends, 0);
    pass_with_beacons(1, {{"t1", 9}});
    EXPECT_EQ(sink.view.ends, 1);
}

// --- sinks that speak back -----------------------------------------------------------------------

TEST_F(GatewayCoreTest, ASinkMayOpenTheNextTurnFromItsEnd) {
    hello();
    sink.then = [&](const wire::Event& heard) {
        if (wire::is_end(heard.body)) {
            ASSERT_TRUE(open("t2", other));
            ASSERT_TRUE(open("t1", other)) << "an ended turn's id is free here";
        }
    };
    ASSERT_TRUE(open("t1", sink));
    core.on({broker, script}, clock);
    EXPECT_EQ(pushed(), (Said{"open t1", "open t2", "open t1"}));
    EXPECT_EQ(core.turns(), 2u);
}

TEST_F(GatewayCoreTest, ASinkMayAbandonItsOwnTurnInTheMiddleOfABatch) {
    hello();
    sink.then = [&](const wire::Event& heard) {
        if (std::holds_alternative<wire::Delta>(heard.body)) core.abandon("t1", sink, clock);
    };
    ASSERT_TRUE(open("t1", sink));
    core.on({broker, script}, clock);
    EXPECT_EQ(sink.events.size(), 4u);
    EXPECT_EQ(pushed(), (Said{"open t1", "cancel t1"}));
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreTest, ManySinksMayOpenAndCancelWhileABrokerIsReplaced) {
    hello();
    std::vector<std::unique_ptr<SinkRecorder>> sinks;
    for (int i = 0; i < 100; ++i) {
        sinks.push_back(std::make_unique<SinkRecorder>());
        const auto turn = "t" + std::to_string(i);
        ASSERT_TRUE(open(turn, *sinks.back()));
        say({event(1, wire::Accepted{}, 0, turn), event(2, wire::Started{"w"}, 1, turn)});
        sinks.back()->then = [this, i, one = sinks.back().get()](const wire::Event&) {
            core.cancel("t" + std::to_string((i + 1) % 100), clock);
            if (one->events.size() != 3) return;
            EXPECT_TRUE(open("n" + std::to_string(i), other));
        };
    }
    broker = "b2";
    hello();
    pass(100ms);
    // Each one's reset or end cancels the next and opens a new one.
    for (const auto& one : sinks) EXPECT_EQ(one->view.ends, 1);
    EXPECT_EQ(core.turns(), 100u);
    EXPECT_EQ(pushed().size(), 100u + 100u) << "each open once";
}

}  // namespace
}  // namespace emostage::gateway
