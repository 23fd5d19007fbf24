// What workers say, and what of it is not taken on trust.

#include "broker/link.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

// --- registration ------------------------------------------------------------------------------

TEST(Link, AWorkerIsWelcomedAndItsBeatsConfirmed) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    EXPECT_THAT(scene.sent<wire::Welcome>(w1),
                ElementsAre(wire::Welcome{"b1", 1000ms, 7000ms, w1.welcome}));
    EXPECT_NE(w1.welcome, 0u);
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

TEST(Link, AHoleInTheOrdinalsIsAskedForAndFilled) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.from(w1, wire::Output{id, 1, {delta("a")}});
    scene.from(w1, wire::Output{id, 3, {delta("c")}});
    scene.from(w1, wire::Output{id, 4, {delta("d")}});
    EXPECT_THAT(scene.sent<wire::Resend>(w1), testing::ElementsAre(wire::Resend{id, 2}));
    EXPECT_EQ(scene.types("t1"), "accepted delta");
    scene.from(w1, wire::Output{id, 2, {delta("b"), delta("c"), delta("d")}});
    scene.from(w1, wire::Output{id, 5, {completed_as("abcd")}});
    EXPECT_EQ(scene.types("t1"), "accepted delta delta delta delta completed");
    EXPECT_EQ(scene.counters().link_gaps, 1u);
    EXPECT_EQ(scene.counters().leases_lost, 0u);
}

TEST(Link, AWorkerIsToldWhatItMayForget) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.say("t1", {wire::Started{}, delta("a")});
    EXPECT_TRUE(scene.sent<wire::Kept>(w1).empty());
    scene.advance(1000ms);
    EXPECT_EQ(scene.sent<wire::Kept>(w1).back(), (wire::Kept{{{id, 2}}}));
    scene.advance(1000ms);
    EXPECT_EQ(scene.sent<wire::Kept>(w1).size(), 1u) << "nothing new";
    scene.complete("t1", "a");
    EXPECT_EQ(scene.sent<wire::Kept>(w1).back(), (wire::Kept{{{id, 3}}}));
}

TEST(Link, AHoleThatIsNeverFilledLosesTheLeaseAndTheTurnRunsAgain) {
    Config config;
    config.resends_max = 2;
    Scene scene(config);
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    const auto id = scene.lease("t1")->lease;
    scene.from(w1, wire::Output{id, 1, {delta("a")}});
    for (std::uint64_t i = 3; i < 6; ++i) {
        EXPECT_EQ(scene.counters().leases_lost, 0u);
        scene.from(w1, wire::Output{id, i, {delta("c")}});
        scene.advance(config.beat);
    }
    EXPECT_EQ(scene.sent<wire::Resend>(w1).size(), 2u);
    EXPECT_EQ(scene.types("t1"), "accepted delta");
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
    EXPECT_EQ(scene.counters().link_gaps, 1u);
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
    EXPECT_LE(scene.broker.snapshot(scene.now).kept_bytes, 11'200u);
    EXPECT_FALSE(scene.sent<wire::Stop>(w1).empty());
}

TEST(Link, AProbeIsAWordToEachWorker) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    auto& w2 = scene.worker("w2");
    scene.broker.on(Probe{}, scene.now);
    EXPECT_EQ(scene.sent<wire::BeatAck>(w1).size(), 1u);
    EXPECT_EQ(scene.sent<wire::BeatAck>(w2).size(), 1u);
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

TEST(Link, WhatSeveralRunsSayAtOnceIsTakenRunByRun) {
    Scene scene;
    auto& w1 = scene.worker("w1", 2);
    scene.open("t1");
    scene.open("t2", "s2");
    const auto one = scene.lease("t1")->lease, two = scene.lease("t2")->lease;
    scene.from(w1, wire::Outputs{{{one, 1, {wire::Started{"w1"}, delta("a")}},
                                  {17, 1, {delta("x")}},
                                  {two, 1, {wire::Started{"w1"}}}}});
    EXPECT_EQ(scene.types("t1"), "accepted started delta");
    EXPECT_EQ(scene.types("t2"), "accepted started");
    EXPECT_EQ(scene.sent<wire::Stop>(w1).size(), 1u) << "for the lease that nobody has";
}

TEST(Link, AnUnknownLeaseFromAnUnknownRouteIsStoppedAndAskedWhoItIs) {
    Scene scene;
    scene.broker.on(FromWorker{"r9", wire::Output{5, 1, {delta("a")}}}, scene.now);
    ASSERT_EQ(scene.out.sent.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<wire::Register>(scene.out.sent[0].second));
    EXPECT_TRUE(std::holds_alternative<wire::Stop>(scene.out.sent[1].second));
}

TEST(Link, LeaseIdsOfAnotherBrokerDoNotMeetThisOnes) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    EXPECT_GT(scene.lease("t1")->lease, 0xffff'ffffu);
}

}  // namespace
}  // namespace emostage::broker::test
