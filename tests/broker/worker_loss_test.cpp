// How workers are found lost or hand turns back, and what happens to their turns then.

#include "broker/lifecycle.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

Config with_attempts(std::uint32_t attempts) {
    Config config;
    config.attempts_max = attempts;
    return config;
}

TEST(WorkerLoss, AWorkerWithoutBeatsLosesItsLeasesAfterTheLease) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.worker("w2", 0);
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    w1.beating = false;
    scene.advance(9999ms);
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    scene.advance(1ms);
    EXPECT_EQ(scene.types("t1"), "accepted started delta") << "the next run says how it goes on";
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 1u);
}

TEST(WorkerLoss, AnUnreachableWorkerLosesItsLeasesAfterOneBeat) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.advance(999ms);
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    scene.worker("w2");
    scene.advance(1ms);
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    scene.answer("t1", "b");
    EXPECT_EQ(scene.types("t1"), "accepted started delta started reset delta completed");
    const auto events = scene.events("t1");
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].seq, i + 1);
    EXPECT_EQ(events.back().attempt, 2u);
}

TEST(WorkerLoss, TheNextRunGetsWhatTheLostOneDid) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    auto open = Scene::an_open("t1");
    open.on_lost = wire::OnLost::fail;
    scene.open(open);
    const wire::Stage phase{"phase", wire::StageStatus::done, {"\x80"}, 7, {"confidence"}};
    const wire::Stage perspective{"perspective", wire::StageStatus::skipped, {}, 9, {}};
    scene.say("t1", {wire::Started{}, phase, perspective, delta("no"), wire::Reset{"model_cut"},
                     delta("That "), delta("sounds ")});
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    auto& w2 = scene.worker("w2");
    scene.advance(1000ms);
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_THAT(scene.lease("t1")->checkpoint, ElementsAre(phase, perspective));
    EXPECT_EQ(scene.lease("t1")->shown, "That sounds ");
    EXPECT_EQ(scene.lease("t1")->on_lost, wire::OnLost::fail);
    scene.say("t1", {wire::Started{}, delta("hard."), completed_as("That sounds hard.")});
    EXPECT_EQ(scene.types("t1"),
              "accepted started stage stage delta reset delta delta started delta completed");
    EXPECT_EQ(scene.counters().continued, 1u);
    EXPECT_EQ(scene.counters().resets, 1u) << "the first worker's own";
    EXPECT_TRUE(w2.leases.empty());
}

TEST(WorkerLoss, AnUnreachableWorkerGetsNothingNew) {
    Scene scene;
    auto& w1 = scene.worker("w1", 4);
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.open("t1");
    EXPECT_TRUE(scene.leased().empty());
}

TEST(WorkerLoss, AWorkerThatComesBackByAnotherRouteKeepsItsLeases) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.advance(400ms);
    const auto old = w1.route;
    w1.route = "route-new";
    scene.beat(w1);
    scene.advance(20s);
    scene.from(w1, wire::Output{*w1.leases.begin(), 3, {delta("b")}});
    EXPECT_EQ(scene.types("t1"), "accepted started delta delta");
    EXPECT_FALSE(scene.sent<wire::BeatAck>(w1).empty());
    scene.broker.on(Unreachable{old}, scene.now);  // of the former connection: late news
    scene.advance(5s);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
}

TEST(WorkerLoss, AWorkerThatReconnectedUnawareIsKnownByItsLease) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    w1.beating = false;
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    w1.route = "route-new";
    scene.from(w1, wire::Output{id, 1, {wire::Started{}, delta("a")}});
    scene.advance(3s);
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    EXPECT_FALSE(scene.sent<wire::BeatAck>(w1).empty());
}

TEST(WorkerLoss, ABeatThatWasOvertakenDoesNotMoveTheWorkerBack) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    const auto old = w1.route;
    scene.beat(w1);
    w1.route = "route-new";
    scene.beat(w1);
    scene.broker.on(FromWorker{old, wire::Beat{w1.instance, 1, {}, true}}, scene.now);
    scene.open("t1");
    EXPECT_EQ(scene.holder("t1").route, "route-new");
}

TEST(WorkerLoss, AnotherProcessOnTheSameRouteMeansThatTheFirstIsGone) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {delta("a")});
    w1.instance = "w1-2";
    w1.leases.clear();
    w1.beats = 0;
    scene.ready(w1);
    EXPECT_EQ(scene.types("t1"), "accepted delta") << "the next run says how it goes on";
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    EXPECT_EQ(scene.lease("t1")->shown, "a");
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
}

TEST(WorkerLoss, ALeaseThatNeverReachedItsWorkerIsLostAfterTwoBeats) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    w1.leases.clear();  // it never came
    scene.advance(1500ms);
    EXPECT_EQ(scene.lease("t1")->lease, id);
    scene.advance(500ms);
    EXPECT_NE(scene.lease("t1")->lease, id);
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    EXPECT_EQ(scene.types("t1"), "accepted");  // nothing was shown: nothing to forget
    scene.answer("t1", "x");
    EXPECT_EQ(scene.types("t1"), "accepted started delta completed");
}

TEST(WorkerLoss, BeatsThatWaitedTogetherInASocketDoNotLoseAFreshLease) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    for (std::uint64_t number = 1; number <= 5; ++number) {
        scene.from(w1, wire::Beat{w1.instance, number, {}, false});
    }
    EXPECT_EQ(scene.counters().leases_lost, 0u);
    w1.beats = 5;
    scene.advance(10s);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
}

TEST(WorkerLoss, WhatALostLeaseStillSaysIsDropped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto old = scene.lease("t1")->lease;
    scene.say("t1", {delta("old")});
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.worker("w2");
    scene.advance(1s);
    scene.say("t1", {wire::Reset{"worker_lost"}, delta("new")});
    scene.from(w1, wire::Output{old, 2, {delta("more"), completed_as("oldmore")}});
    scene.complete("t1", "new");
    EXPECT_EQ(scene.types("t1"), "accepted delta reset delta completed");
    EXPECT_TRUE(scene.sent<wire::Stop>(w1).back().fenced);
}

TEST(WorkerLoss, AfterTheLastAttemptTheTurnFails) {
    Scene scene(with_attempts(2));
    scene.worker("w1", 8);
    scene.open("t1");
    scene.say("t1", {wire::Cancelled{"by nobody"}});
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    scene.say("t1", {delta("a")});
    scene.say("t1", {wire::Cancelled{"by nobody"}});
    const auto failed = scene.last<wire::Failed>("t1");
    EXPECT_EQ(failed.code, Errc::attempts_exhausted);
    EXPECT_FALSE(failed.retryable);
    EXPECT_EQ(scene.events("t1").back().attempt, 2u);
    EXPECT_EQ(scene.types("t1"), "accepted delta reset failed");
    EXPECT_EQ(scene.leased().size(), 2u);
}

TEST(WorkerLoss, AnExpiredLeasePutsTheTurnBackAtTheHeadOfItsSession) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1", "s1");
    scene.open("t2", "s1");
    scene.open("t3", "s3");
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.advance(1s);
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 3u);
    scene.worker("w2", 1);
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t1"));
    scene.answer("t1", "x");
    EXPECT_EQ(scene.leased().size(), 3u);
}

TEST(WorkerLoss, AllTurnsOfALostWorkerRunElsewhereBeforeNewerOnes) {
    Scene scene;
    auto& w1 = scene.worker("w1", 20);
    for (int i = 0; i < 20; ++i) scene.open("t" + std::to_string(i), "s" + std::to_string(i));
    for (int i = 0; i < 20; ++i) scene.say("t" + std::to_string(i), {wire::Started{}, delta("a")});
    scene.open("new", "new", "x", "g2");
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.advance(1s);
    scene.worker("w2", 30);
    const auto leased = scene.leased();
    ASSERT_EQ(leased.size(), 41u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(leased[20 + i], "t" + std::to_string(i));
    EXPECT_EQ(leased[40], "new");
    for (int i = 0; i < 20; ++i) {
        const auto turn = "t" + std::to_string(i);
        scene.answer(turn, "b");
        EXPECT_EQ(scene.types(turn), "accepted started delta started reset delta completed");
    }
}

TEST(WorkerLoss, AStandstillOfTheBrokerIsNotHeldAgainstItsWorkers) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.now.steady += 60s;  // stopped and woken; what the worker said still waits
    scene.tick();
    EXPECT_EQ(scene.counters().leases_lost, 0u);
    w1.beat_at = scene.now.steady;
    scene.advance(5s);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
}

// --- turns that are handed back ----------------------------------------------------------------

TEST(WorkerLoss, ATurnThatIsHandedBackRunsElsewhereWithoutAnAttemptCounted) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.open("t2");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.worker("w2");
    scene.from(w1, wire::Return{scene.lease("t1")->lease, "drained"});
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_EQ(scene.lease("t1")->attempt, 1u);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
    scene.answer("t1", "b");
    EXPECT_EQ(scene.types("t1"), "accepted started delta started reset delta completed");
}

TEST(WorkerLoss, AWorkerThatHandedATurnBackGetsNothingBeforeItsNextBeat) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    w1.leases.clear();
    scene.from(w1, wire::Return{id, "drained"});
    EXPECT_EQ(scene.leased().size(), 1u);
    scene.beat(w1);
    EXPECT_EQ(scene.leased().size(), 2u);
}

TEST(WorkerLoss, ATurnThatIsHandedBackAgainAndAgainIsGivenUp) {
    Scene scene(with_attempts(2));
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    int returns = 0;
    for (; returns < 100 && scene.types("t1") == "accepted"; ++returns) {
        const auto id = scene.lease("t1")->lease;
        w1.leases.clear();
        scene.from(w1, wire::Return{id, "busy"});
        scene.beat(w1);
    }
    EXPECT_EQ(returns, 8 + 2);
    EXPECT_EQ(scene.last<wire::Failed>("t1").code, Errc::attempts_exhausted);
}

TEST(WorkerLoss, AWorkerThatDoesNotKnowAPipelineAfterAllIsNotAskedAgain) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2, {"emostage", "base"});
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    w1.leases.clear();
    scene.from(w1, wire::Return{id, "unknown_pipeline"});
    scene.advance(5s);
    EXPECT_EQ(scene.leased().size(), 1u);
    auto base = Scene::an_open("t2", "s2");
    base.pipeline = "base";
    scene.open(base);
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2"));
    scene.worker("w2");
    EXPECT_EQ(scene.holder("t1").name, "w2");
}

TEST(WorkerLoss, ACancelledTurnThatIsHandedBackStaysCancelled) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.cancel("t1");
    scene.from(w1, wire::Return{id, "drained"});
    scene.advance(5s);
    EXPECT_EQ(scene.types("t1"), "accepted cancelled");
    EXPECT_EQ(scene.leased().size(), 1u);
}

TEST(WorkerLoss, ARunThatGoesOnAfterItsStopIsStoppedAgain) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.cancel("t1");
    w1.leases.insert(id);  // it did not hear
    scene.beat(w1);
    const auto stops = scene.sent<wire::Stop>(w1);
    ASSERT_EQ(stops.size(), 2u);
    EXPECT_TRUE(stops[1].fenced);
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers[0].running, 1u);
}

}  // namespace
}  // namespace emostage::broker::test
