// Readers of turns that are there already: from any number on, several of one turn.
#include "tests/gateway/client/gateway_core_fixture.hpp"

namespace emostage::gateway {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

using GatewayCoreJoinTest = GatewayCoreTest;

TEST_F(GatewayCoreJoinTest, ARunningTurnOfSomebodyElseIsReadFromItsStart) {
    hello();
    ASSERT_TRUE(core.join("t1", 0, sink, clock));
    EXPECT_EQ(pushed(), Said{"resume t1 after 0"});
    say_range(script, 1, 2);
    say({script[2], merged(script, 4, 6), script[6], merged(script, 8, 10)});
    say_range(script, 11, 12);
    EXPECT_EQ(sink.view, view_of(script));
}

TEST_F(GatewayCoreJoinTest, ALostRequestToJoinIsRepeated) {
    hello();
    ASSERT_TRUE(core.join("t1", 0, sink, clock));
    pushed();
    pass_with_beacons(5, {});
    EXPECT_EQ(pushed().front(), "resume t1 after 0");
}

TEST_F(GatewayCoreJoinTest, JoiningATurnThatIsNotThereIsRejected) {
    hello();
    ASSERT_TRUE(core.join("t1", 0, sink, clock));
    say({event(0, wire::Rejected{Errc::unknown_turn, "not here", {}}, 0)});
    ASSERT_NE(sink.last_as<wire::Rejected>(), nullptr);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, AJoinedTurnCannotBeGivenToAnotherBroker) {
    hello();
    ASSERT_TRUE(core.join("t1", 0, sink, clock));
    say_range(script, 1, 3);
    pushed();
    broker = "b2";
    hello();
    ASSERT_NE(sink.last_as<wire::Failed>(), nullptr);
    EXPECT_EQ(sink.last_as<wire::Failed>()->code, Errc::unknown_turn);
}

TEST_F(GatewayCoreJoinTest, AReaderGoesOnAfterTheNumberThatItHas) {
    hello();
    ASSERT_TRUE(core.join("t1", 8, sink, clock));
    EXPECT_EQ(pushed(), Said{"resume t1 after 8"});
    say({merged(script, 9, 11), script[11]});
    EXPECT_EQ(sink.view.numbers, (std::vector<std::uint64_t>{11, 12}));
    EXPECT_NE(sink.last_as<wire::Completed>(), nullptr);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, AReaderThatHasTheEndIsToldTheEndOnceMore) {
    hello();
    ASSERT_TRUE(core.join("t1", 12, sink, clock));
    pushed();
    say({script[11]});
    EXPECT_EQ(sink.view.numbers, std::vector<std::uint64_t>{12});
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, SeveralReadersOfATurnEachGetAllOfItFromTheirNumberOn) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 9);
    SinkRecorder late;
    ASSERT_TRUE(core.join("t1", 0, other, clock));
    ASSERT_TRUE(core.join("t1", 5, late, clock));
    EXPECT_EQ(pushed(), (Said{"open t1", "resume t1 after 0", "resume t1 after 5"}));
    resumed(script, 0);
    EXPECT_EQ(sink.view, view_of(script));
    EXPECT_EQ(other.view, view_of(script));
    EXPECT_EQ(late.view.numbers, (std::vector<std::uint64_t>{6, 7, 8, 9, 10, 11, 12}));
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, WhoLeavesHearsNothingMoreAndTheTurnGoesOn) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(core.join("t1", 0, other, clock));
    say_range(script, 1, 5);
    pushed();
    const auto heard = sink.events.size();
    core.leave("t1", sink, clock);
    pass(0ms);
    EXPECT_EQ(core.turns(), 1u);
    resumed(script, 5);
    EXPECT_EQ(sink.events.size(), heard);
    EXPECT_EQ(other.view, view_of(script));
    EXPECT_THAT(pushed(), IsEmpty()) << "nothing was cancelled";
}

TEST_F(GatewayCoreJoinTest, ASinkMayMakeAnotherReaderOfItsTurnLeaveWhileItIsCalled) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(core.join("t1", 0, other, clock));
    sink.then = [&](const wire::Event&) { core.leave("t1", other, clock); };
    other.then = [&](const wire::Event&) { core.leave("t1", sink, clock); };
    core.on({broker, script}, clock);
    EXPECT_EQ(sink.events.size() + other.events.size(), script.size());
    pass(0ms);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, AbandoningOneOfTwoReadersCancelsTheTurnForBoth) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    ASSERT_TRUE(core.join("t1", 0, other, clock));
    say_range(script, 1, 4);
    pushed();
    core.abandon("t1", other, clock);
    EXPECT_EQ(pushed(), Said{"cancel t1"});
    say({event(5, wire::Cancelled{"requested"})});
    EXPECT_NE(sink.last_as<wire::Cancelled>(), nullptr);
    EXPECT_EQ(other.last_as<wire::Cancelled>(), nullptr);
    EXPECT_EQ(core.turns(), 0u);
}

TEST_F(GatewayCoreJoinTest, ATurnThatIsOpenedAgainIsReadBesideTheFirst) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    say_range(script, 1, 4);
    ASSERT_TRUE(open("t1", other));
    EXPECT_EQ(pushed(), (Said{"open t1", "open t1"}));
    resumed(script, 0);
    EXPECT_EQ(sink.view, view_of(script));
    EXPECT_EQ(other.view, view_of(script));
}

TEST_F(GatewayCoreJoinTest, AnotherContentUnderARunningTurnsIdIsRefusedHere) {
    hello();
    ASSERT_TRUE(open("t1", sink));
    pushed();
    wire::Open open;
    open.turn = "t1";
    open.session = "s1";
    open.text = "something else";
    const auto refused = core.open(std::move(open), other, clock);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_THAT(pushed(), IsEmpty());
}

TEST_F(GatewayCoreJoinTest, AnOpenBesideAReaderOfATurnWithOtherContentEndsWithTheBrokersWord) {
    hello();
    ASSERT_TRUE(core.join("t1", 0, sink, clock));
    say_range(script, 1, 3);
    ASSERT_TRUE(open("t1", other));
    say({script[3]});
    say({event(0, wire::Rejected{Errc::conflict, "known with other content", {}}, 0)});
    ASSERT_EQ(other.view.ends, 1);
    EXPECT_EQ(sink.view.ends, 0) << "the turn itself is not disturbed";
}

TEST_F(GatewayCoreJoinTest, WhatIsServedIsKnownAsTheBrokerLastToldIt) {
    EXPECT_THAT(core.pipelines(), IsEmpty());
    core.on_news({broker, {event(0, wire::Pipelines{{"emostage", "brief"}}, 0, "")}});
    EXPECT_THAT(core.pipelines(), ElementsAre("emostage", "brief"));
    EXPECT_EQ(core.link(), Link::connecting)
        << "the gateway's own subscription may not be live yet";
}

}  // namespace
}  // namespace emostage::gateway
