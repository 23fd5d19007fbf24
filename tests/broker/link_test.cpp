// Workers: what they say of a run, how they are found lost, what happens to their turns then.

#include "broker/link.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

Config with_attempts(std::uint32_t attempts) {
    Config config;
    config.attempts_max = attempts;
    return config;
}

// --- registration ------------------------------------------------------------------------------

TEST(Link, AWorkerIsWelcomedAndItsBeatsConfirmed) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    EXPECT_THAT(scene.sent<wire::Welcome>(w1), ElementsAre(wire::Welcome{"b1", 1000ms, 7000ms}));
    scene.advance(3500ms);
    EXPECT_THAT(scene.sent<wire::BeatAck>(w1),
                ElementsAre(wire::BeatAck{1}, wire::BeatAck{2}, wire::BeatAck{3}));
}

TEST(Link, AnUnknownInstanceIsAskedToRegisterAndItsLeasesAreStopped) {
    Scene scene;
    scene.broker.on(FromWorker{"r9", wire::Beat{"i9", 4, {17}, false}}, scene.now);
    ASSERT_EQ(scene.out.sent.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<wire::Register>(scene.out.sent[0].second));
    EXPECT_EQ(std::get<wire::Stop>(scene.out.sent[1].second),
              (wire::Stop{17, true, "lease unknown"}));
}

TEST(Link, TooManyWorkersAreNotTakenOn) {
    Config config;
    config.workers_max = 1;
    Scene scene(config);
    scene.worker("w1");
    auto& w2 = scene.worker("w2");
    EXPECT_TRUE(scene.sent<wire::Welcome>(w2).empty());
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
}

TEST(Link, AWorkerMayRegisterAgainWithOtherPipelines) {
    Scene scene;
    auto& w1 = scene.worker("w1", 1, {"base"});
    scene.open("t1");
    EXPECT_EQ(scene.last<wire::Rejected>("t1").code, Errc::unknown_pipeline);
    w1.pipelines = {"base", "emostage", "emostage"};
    scene.ready(w1);
    scene.open("t1");
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
}

// --- a run -------------------------------------------------------------------------------------

TEST(Link, ARunBecomesTheTurnsEvents) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    const wire::Stage stage{"phase", wire::StageStatus::done, {"\x80"}, 7};
    scene.say("t1", {wire::Started{"ignored"}, stage, delta("he"), delta("llo")});
    scene.complete("t1", "hello");
    EXPECT_EQ(scene.types("t1"), "accepted started stage delta delta completed");
    const auto events = scene.events("t1");
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].seq, i + 1);
    EXPECT_EQ(events[1].attempt, 1u);
    EXPECT_EQ(std::get<wire::Started>(events[1].body).worker, "w1");
    EXPECT_EQ(std::get<wire::Stage>(events[2].body), stage);
    EXPECT_EQ(std::get<wire::Delta>(events[3].body), (wire::Delta{"he", 0}));
    EXPECT_EQ(std::get<wire::Completed>(events[5].body).text_bytes, 5u);
    const auto counters = scene.counters();
    EXPECT_EQ(counters.events, 6u);
    EXPECT_EQ(counters.deltas, 2u);
    EXPECT_EQ(counters.delta_bytes, 5u);
}

TEST(Link, AnEmptyDeltaAndASecondStartedHaveNoNumber) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta(""), wire::Started{}, delta("a")});
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    EXPECT_EQ(scene.events("t1").back().seq, 3u);
}

TEST(Link, AWorkersResetIsPassedOnWhereSomethingWasShown) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Reset{"early"}, delta("a"), wire::Reset{"model_cut"}, delta("b")});
    scene.complete("t1", "b");
    EXPECT_EQ(scene.types("t1"), "accepted delta reset delta completed");
    EXPECT_EQ(scene.counters().resets, 1u);
}

TEST(Link, AFailureIsPassedOnWithABoundedMessage) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    std::string message;
    while (message.size() < 2 * wire::error_message_bytes_max) message += "ほ";
    scene.say("t1", {wire::Failed{Errc::model_cut, message, true}});
    const auto failed = scene.last<wire::Failed>("t1");
    EXPECT_EQ(failed.code, Errc::model_cut);
    EXPECT_TRUE(failed.retryable);
    EXPECT_LE(failed.message.size(), wire::error_message_bytes_max);
    EXPECT_EQ(failed.message.size() % 3, 0u);
}

TEST(Link, NothingComesAfterTheEnd) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.say("t1", {delta("a"), completed_as("a"), delta("b"), wire::Failed{}});
    scene.say("t1", {delta("c")});
    EXPECT_EQ(scene.types("t1"), "accepted delta completed");
    EXPECT_EQ(scene.sent<wire::Stop>(w1).back(), (wire::Stop{id, true, "lease unknown"}));
}

// --- what is not taken on trust ----------------------------------------------------------------

TEST(Link, RepeatedOrdinalsAreDropped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.from(w1, wire::Output{id, 1, {delta("a"), delta("b")}});
    scene.from(w1, wire::Output{id, 1, {delta("a"), delta("b")}});
    scene.from(w1, wire::Output{id, 2, {delta("b"), delta("c")}});
    scene.from(w1, wire::Output{id, 0, {delta("?")}});
    scene.from(w1, wire::Output{id, 4, {completed_as("abc")}});
    EXPECT_EQ(scene.types("t1"), "accepted delta delta delta completed");
}

TEST(Link, AHoleInTheOrdinalsLosesTheLeaseAndTheTurnRunsAgain) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.from(w1, wire::Output{id, 1, {delta("a")}});
    scene.from(w1, wire::Output{id, 3, {delta("c")}});
    EXPECT_EQ(scene.types("t1"), "accepted delta reset");
    EXPECT_EQ(scene.sent<wire::Stop>(w1).back().lease, id);
    EXPECT_TRUE(scene.sent<wire::Stop>(w1).back().fenced);
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    EXPECT_EQ(scene.counters().link_gaps, 1u);
    EXPECT_EQ(scene.counters().retries, 1u);
}

TEST(Link, AnOrdinalBeyondAllBoundsIsAHole) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    scene.from(w1, wire::Output{scene.lease("t1")->lease, ~0ull, {delta("a"), delta("b")}});
    EXPECT_EQ(scene.types("t1"), "accepted");
    EXPECT_EQ(scene.counters().leases_lost, 1u);
}

TEST(Link, AReplyThatIsNotWhatWasShownIsNeverCompleted) {
    for (const auto* wrong : {"axc", "ab", "abcd", ""}) {
        Scene scene;
        scene.worker("w1", 2);
        scene.open("t1");
        scene.say("t1", {wire::Started{}, delta("abc"), completed_as(wrong)});
        EXPECT_EQ(scene.types("t1"), "accepted started delta reset") << wrong;
        scene.answer("t1", "abc");
        EXPECT_EQ(scene.types("t1"), "accepted started delta reset started delta completed")
            << wrong;
    }
}

TEST(Link, AReplyOverTheLimitLosesTheLease) {
    Config config;
    config.limits.reply_bytes = 10;
    Scene scene(config);
    scene.worker("w1", 2);
    scene.open("t1");
    scene.say("t1", {delta("0123456789"), delta("x")});
    EXPECT_EQ(scene.types("t1"), "accepted delta reset");
    EXPECT_EQ(scene.counters().leases_lost, 1u);
}

TEST(Link, AStageResultOverTheLimitLosesTheLease) {
    Scene scene;
    scene.worker("w1", 2);
    scene.open("t1");
    wire::Stage stage{
        "phase", wire::StageStatus::done, {std::string(wire::result_bytes_max + 1, 'x')}, 1};
    scene.say("t1", {stage});
    EXPECT_EQ(scene.types("t1"), "accepted");
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
}

TEST(Link, EventsWithoutEndAreCutOff) {
    Config config;
    config.turn_log_bytes_max = 10'000;
    Scene scene(config);
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    for (int i = 0; i < 1000; ++i) scene.say("t1", {delta("x"), wire::Reset{"again"}});
    EXPECT_EQ(scene.last<wire::Failed>("t1").code, Errc::internal);
    EXPECT_LT(scene.events("t1").size(), 200u);
    EXPECT_LE(scene.broker.snapshot(scene.now).kept_bytes, 11'000u);
    EXPECT_FALSE(scene.sent<wire::Stop>(w1).empty());
}

TEST(Link, AnEndThatNobodyAskedForLosesTheLease) {
    Scene scene;
    scene.worker("w1", 2);
    scene.open("t1");
    scene.say("t1", {delta("a"), wire::Cancelled{"gave up"}});
    EXPECT_EQ(scene.types("t1"), "accepted delta reset");
}

TEST(Link, AWorkerCannotSpeakForAnothersLease) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    auto& w2 = scene.worker("w2", 0);
    scene.from(w2, wire::Output{id, 1, {completed_as("")}});
    scene.from(w2, wire::Return{id, "mine"});
    scene.from(w2, wire::Beat{w2.instance, 1, {id}, false});
    EXPECT_EQ(scene.types("t1"), "accepted");
    EXPECT_EQ(scene.sent<wire::Stop>(w2).size(), 3u);
    EXPECT_TRUE(scene.sent<wire::Stop>(w1).empty());
}

TEST(Link, AnUnknownLeaseFromAnUnknownRouteIsStoppedAndAskedWhoItIs) {
    Scene scene;
    scene.broker.on(FromWorker{"r9", wire::Output{5, 1, {delta("a")}}}, scene.now);
    ASSERT_EQ(scene.out.sent.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<wire::Register>(scene.out.sent[0].second));
    EXPECT_TRUE(std::holds_alternative<wire::Stop>(scene.out.sent[1].second));
}

// --- lost workers ------------------------------------------------------------------------------

TEST(Link, AWorkerWithoutBeatsLosesItsLeasesAfterTheLease) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.worker("w2", 0);
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    w1.beating = false;
    scene.advance(9999ms);
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    scene.advance(1ms);
    EXPECT_EQ(scene.types("t1"), "accepted started delta reset");
    EXPECT_EQ(std::get<wire::Reset>(scene.events("t1").back().body).reason, "worker_lost");
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 1u);
}

TEST(Link, AnUnreachableWorkerLosesItsLeasesAfterOneBeat) {
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
    EXPECT_EQ(scene.types("t1"), "accepted started delta reset");
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    scene.answer("t1", "b");
    EXPECT_EQ(scene.types("t1"), "accepted started delta reset started delta completed");
    const auto events = scene.events("t1");
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].seq, i + 1);
    EXPECT_EQ(events.back().attempt, 2u);
}

TEST(Link, AnUnreachableWorkerGetsNothingNew) {
    Scene scene;
    auto& w1 = scene.worker("w1", 4);
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.open("t1");
    EXPECT_TRUE(scene.leased().empty());
}

TEST(Link, AWorkerThatComesBackByAnotherRouteKeepsItsLeases) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.advance(500ms);
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

TEST(Link, AWorkerThatReconnectedUnawareIsKnownByItsLease) {
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

TEST(Link, ABeatThatWasOvertakenDoesNotMoveTheWorkerBack) {
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

TEST(Link, AnotherProcessOnTheSameRouteMeansThatTheFirstIsGone) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {delta("a")});
    w1.instance = "w1-2";
    w1.leases.clear();
    w1.beats = 0;
    scene.ready(w1);
    EXPECT_EQ(scene.types("t1"), "accepted delta reset");
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers.size(), 1u);
}

TEST(Link, ALeaseThatNeverReachedItsWorkerIsLostAfterTwoBeats) {
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

TEST(Link, BeatsThatWaitedTogetherInASocketDoNotLoseAFreshLease) {
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

TEST(Link, WhatALostLeaseStillSaysIsDropped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    const auto old = scene.lease("t1")->lease;
    scene.say("t1", {delta("old")});
    w1.beating = false;
    scene.broker.on(Unreachable{w1.route}, scene.now);
    scene.worker("w2");
    scene.advance(1s);
    scene.say("t1", {delta("new")});
    scene.from(w1, wire::Output{old, 2, {delta("more"), completed_as("oldmore")}});
    scene.complete("t1", "new");
    EXPECT_EQ(scene.types("t1"), "accepted delta reset delta completed");
    EXPECT_TRUE(scene.sent<wire::Stop>(w1).back().fenced);
}

TEST(Link, AfterTheLastAttemptTheTurnFails) {
    Scene scene(with_attempts(2));
    auto& w1 = scene.worker("w1", 8);
    scene.open("t1");
    scene.from(w1, wire::Output{scene.lease("t1")->lease, 9, {}});
    EXPECT_EQ(scene.lease("t1")->attempt, 2u);
    scene.say("t1", {delta("a")});
    scene.from(w1, wire::Output{scene.lease("t1")->lease, 9, {}});
    const auto failed = scene.last<wire::Failed>("t1");
    EXPECT_EQ(failed.code, Errc::attempts_exhausted);
    EXPECT_FALSE(failed.retryable);
    EXPECT_EQ(scene.events("t1").back().attempt, 2u);
    EXPECT_EQ(scene.types("t1"), "accepted delta failed");
    EXPECT_EQ(scene.leased().size(), 2u);
}

TEST(Link, AnExpiredLeasePutsTheTurnBackAtTheHeadOfItsSession) {
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

TEST(Link, AllTurnsOfALostWorkerRunElsewhereBeforeNewerOnes) {
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
        EXPECT_EQ(scene.types(turn), "accepted started delta reset started delta completed");
    }
}

TEST(Link, AStandstillOfTheBrokerIsNotHeldAgainstItsWorkers) {
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

TEST(Link, ATurnThatIsHandedBackRunsElsewhereWithoutAnAttemptCounted) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    scene.open("t1");
    scene.open("t2");
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.worker("w2");
    scene.from(w1, wire::Return{scene.lease("t1")->lease, "drained"});
    EXPECT_EQ(scene.types("t1"), "accepted started delta reset");
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_EQ(scene.lease("t1")->attempt, 1u);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
    scene.answer("t1", "b");
    EXPECT_EQ(scene.types("t1"), "accepted started delta reset started delta completed");
}

TEST(Link, AWorkerThatHandedATurnBackGetsNothingBeforeItsNextBeat) {
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

TEST(Link, ATurnThatIsHandedBackAgainAndAgainIsGivenUp) {
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

TEST(Link, AWorkerThatDoesNotKnowAPipelineAfterAllIsNotAskedAgain) {
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

TEST(Link, ACancelledTurnThatIsHandedBackStaysCancelled) {
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

TEST(Link, ARunThatGoesOnAfterItsStopIsStoppedAgain) {
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

TEST(Link, LeaseIdsOfAnotherBrokerDoNotMeetThisOnes) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    EXPECT_GT(scene.lease("t1")->lease, 0xffff'ffffu);
}

}  // namespace
}  // namespace emostage::broker::test
