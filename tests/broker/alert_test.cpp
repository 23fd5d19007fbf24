// What an analysis found that people should look at.

#include "tests/broker/support/scene.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

const wire::Alert alert{"perspective", "risk", "alert"};

TEST(Alert, IsAnEventOfItsTurnAndGoesToThoseWhoAreAlerted) {
    Config config;
    config.alerts = "people";
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, alert, delta("a")});
    scene.complete("t1", "a");
    EXPECT_EQ(scene.types("t1"), "accepted started alert delta completed");
    EXPECT_EQ(scene.types("t1", "people"), "alert");
    EXPECT_EQ(scene.events("t1", "people").front().seq, 3u);
    EXPECT_EQ(scene.events("t1", "people").front().session, "s1");
    EXPECT_EQ(scene.counters().alerts, 1u);
}

TEST(Alert, WhoAsksForTheTurnAnywayGetsItOnce) {
    Config config;
    config.alerts = "g1";
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {alert});
    EXPECT_EQ(scene.types("t1"), "accepted alert");
}

TEST(Alert, PutsItsSessionBeforeOthersUntilATurnOfItCompletesWithoutOne) {
    Scene scene;
    scene.worker("w1");
    scene.open("a1", "a");
    scene.say("a1", {wire::Started{}, alert});
    scene.open("b1", "b");
    scene.advance(1000ms);
    scene.open("a2", "a");
    scene.answer("a1", "x");
    EXPECT_THAT(scene.leased(), ElementsAre("a1", "a2"));
    scene.open("c1", "c");
    scene.open("a3", "a");
    scene.answer("a2", "x");
    scene.answer("b1", "x");
    scene.answer("c1", "x");
    EXPECT_THAT(scene.leased(), ElementsAre("a1", "a2", "b1", "c1", "a3"));
}

TEST(FairSessions, ASessionWithManyTurnsTakesTurnsWithTheOthers) {
    Scene scene;
    scene.worker("w1");
    for (const char* turn : {"a1", "a2", "a3"}) scene.open(turn, "a");
    scene.advance(10ms);
    scene.open("b1", "b");
    scene.advance(10ms);
    scene.answer("a1", "x");
    scene.answer("b1", "x");
    scene.answer("a2", "x");
    EXPECT_THAT(scene.leased(), ElementsAre("a1", "b1", "a2", "a3"));
}

}  // namespace
}  // namespace emostage::broker::test
