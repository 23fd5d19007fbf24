// Cancels: at once for the gateway, whatever the turn does.

#include "broker/intake.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

Errc code(const wire::Rejected& rejected) { return rejected.code; }

TEST(Cancel, AQueuedTurnIsCancelledAtOnceAndNeverLeased) {
    Scene scene;
    scene.open("t1");
    scene.cancel("t1");
    EXPECT_EQ(scene.last<wire::Cancelled>("t1").reason, "requested");
    scene.worker("w1");
    EXPECT_TRUE(scene.leased().empty());
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 0u);
}

TEST(Cancel, ARunningTurnIsCancelledAtOnceAndItsWorkerStopped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.cancel("t1");
    EXPECT_EQ(scene.types("t1"), "accepted started delta cancelled");
    const auto stops = scene.sent<wire::Stop>(w1);
    ASSERT_EQ(stops.size(), 1u);
    EXPECT_EQ(stops[0].lease, id);
    EXPECT_FALSE(stops[0].fenced);
}

TEST(Cancel, WhatACancelledRunStillSaysIsDropped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.cancel("t1");
    scene.say("t1", {delta("b"), wire::Reset{}, wire::Stage{}});
    scene.complete("t1", "ab");
    EXPECT_EQ(scene.types("t1"), "accepted started delta cancelled");
    EXPECT_TRUE(scene.sent<wire::Stop>(w1).size() == 1);
}

TEST(Cancel, ACancelledRunHoldsItsCreditUntilItsWorkerHasStopped) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.cancel("t1");
    EXPECT_EQ(scene.leased().size(), 1u);
    scene.say("t1", {wire::Cancelled{}});
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2"));
}

TEST(Cancel, ACancelledRunThatIsNoLongerListedGivesItsCreditBack) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.cancel("t1");
    scene.beat(w1);  // the stop took it from the worker's list
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2"));
}

TEST(Cancel, CancellingAnEndedTurnSendsItsEndAgain) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "yes");
    scene.cancel("t1", "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "completed");
    EXPECT_EQ(scene.events("t1", "g2")[0], scene.events("t1").back());
    EXPECT_EQ(scene.types("t1"), "accepted started delta completed");
}

TEST(Cancel, AnotherGatewayThatCancelsHearsTheEnd) {
    Scene scene;
    scene.open("t1");
    scene.cancel("t1", "g2");
    EXPECT_EQ(scene.types("t1", "g1"), "accepted cancelled");
    EXPECT_EQ(scene.types("t1", "g2"), "cancelled");
}

TEST(Cancel, CancellingAnUnknownTurnIsRejected) {
    Scene scene;
    scene.cancel("t1");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1")), Errc::unknown_turn);
}

}  // namespace
}  // namespace emostage::broker::test
