// Opens: what is let in, joined, refused.

#include "broker/broker.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

Errc code(const wire::Rejected& rejected) { return rejected.code; }

TEST(Intake, ASubscriptionIsGreetedWithTheLimits) {
    Config config;
    config.retention = 700s;
    Scene scene(config);
    scene.broker.on(Subscribed{"g1"}, scene.now);
    ASSERT_EQ(scene.out.published.size(), 1u);
    const auto& [gateway, event] = scene.out.published[0];
    EXPECT_EQ(gateway, "g1");
    EXPECT_EQ(event.turn, "");
    EXPECT_EQ(event.seq, 0u);
    EXPECT_EQ(std::get<wire::Hello>(event.body).limits.retention_ms, 700'000u);
}

TEST(Intake, WhoAsksForNewsIsToldWhatWorkersServeAndWhenThatChanges) {
    Scene scene;
    scene.worker("w1", 1, {"zen", "emostage"});
    EXPECT_TRUE(scene.out.published.empty()) << "nobody listens yet";
    scene.broker.on(Subscribed{""}, scene.now);
    scene.worker("w2", 1, {"brief", "emostage"});
    scene.worker("w3", 1, {"emostage"});
    ASSERT_EQ(scene.out.published.size(), 2u);
    const auto names = [&](std::size_t i) {
        EXPECT_EQ(scene.out.published[i].first, "");
        return std::get<wire::Pipelines>(scene.out.published[i].second.body).names;
    };
    EXPECT_THAT(names(0), ElementsAre("emostage", "zen")) << "the default comes first";
    EXPECT_THAT(names(1), ElementsAre("emostage", "brief", "zen"));
}

TEST(Intake, AnOpenIsAcceptedWithItsPosition) {
    Scene scene;
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    EXPECT_EQ(scene.last<wire::Accepted>("t1").position, 0u);
    EXPECT_EQ(scene.last<wire::Accepted>("t2").position, 1u);
    const auto event = scene.events("t1")[0];
    EXPECT_EQ(event.seq, 1u);
    EXPECT_EQ(event.attempt, 0u);
    EXPECT_EQ(event.session, "s1");
    EXPECT_EQ(event.at_ms, scene.now.unix_ms);
}

// --- the same turn again -----------------------------------------------------------------------

TEST(Intake, TheSameOpenJoinsTheLiveTurn) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}, delta("a"), delta("b")});
    scene.open("t1", "s1", "hello", "g2");
    EXPECT_EQ(scene.types("t1", "g2"), "accepted started delta");
    EXPECT_EQ(std::get<wire::Delta>(scene.events("t1", "g2")[2].body), (wire::Delta{"ab", 3}));
    scene.complete("t1", "ab");
    EXPECT_EQ(scene.types("t1", "g2"), "accepted started delta completed");
    EXPECT_EQ(scene.leased().size(), 1u);
    EXPECT_EQ(scene.counters().joined, 1u);
}

TEST(Intake, TheSameOpenOfAnEndedTurnGetsTheStoredEnd) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.answer("t1", "yes");
    const auto before = scene.events("t1");
    scene.open("t1");
    const auto after = scene.events("t1");
    ASSERT_EQ(after.size(), 2 * before.size());
    EXPECT_EQ(after.back(), before.back());
    EXPECT_EQ(scene.counters().accepted, 1u);
}

TEST(Intake, TheSameTurnWithOtherContentIsAConflictAndLeavesTheLiveTurnAlone) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{}});
    scene.open("t1", "s1", "something else", "g2");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1", "g2")), Errc::conflict);
    EXPECT_EQ(scene.events("t1", "g2").back().seq, 0u);
    scene.complete("t1", "");
    EXPECT_EQ(scene.types("t1"), "accepted started completed");
    EXPECT_EQ(scene.types("t1", "g2"), "rejected");
}

TEST(Intake, ARejectedTurnMayBeOpenedAgain) {
    Scene scene;
    scene.worker("w1");
    auto open = Scene::an_open("t1");
    open.pipeline = "nonesuch";
    scene.open(open);
    EXPECT_EQ(code(scene.last<wire::Rejected>("t1")), Errc::unknown_pipeline);
    scene.open("t1");
    EXPECT_EQ(scene.types("t1"), "rejected accepted");
}

// --- refusals ----------------------------------------------------------------------------------

TEST(Intake, APipelineThatNoWorkerServesIsRejectedOnceThereAreWorkers) {
    Scene scene;
    auto open = Scene::an_open("t1");
    open.pipeline = "later";
    scene.open(open);
    EXPECT_EQ(scene.types("t1"), "accepted");
    scene.worker("w1");
    open.turn = "t2";
    scene.open(open);
    EXPECT_EQ(code(scene.last<wire::Rejected>("t2")), Errc::unknown_pipeline);
    scene.worker("w2", 1, {"later"});
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    scene.open("t3", "s3");
    EXPECT_EQ(scene.holder("t3").name, "w1");
}

TEST(Intake, AFullQueueIsOverloadedAndSaysWhenToTryAgain) {
    Config config;
    config.queued_turns_max = 2;
    Scene scene(config);
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.open("t3", "s3");
    const auto rejected = scene.last<wire::Rejected>("t3");
    EXPECT_EQ(rejected.code, Errc::overloaded);
    EXPECT_EQ(rejected.retry_after_ms, 1000);
    EXPECT_EQ(scene.events("t3")[0].seq, 0u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 2u);
}

TEST(Intake, RetryAfterFollowsTheMeasuredRate) {
    Config config;
    config.queued_turns_max = 9;
    Scene scene(config);
    scene.worker("w1");
    for (int i = 0; i < 20; ++i) {  // 4/s
        scene.open("done" + std::to_string(i));
        scene.answer("done" + std::to_string(i), "x");
        scene.advance(250ms);
    }
    for (int i = 0; i < 11; ++i) scene.open("t" + std::to_string(i), "s" + std::to_string(i));
    const auto after = scene.last<wire::Rejected>("t10").retry_after_ms;
    ASSERT_TRUE(after);
    EXPECT_NEAR(static_cast<double>(*after), 2500, 300);
}

TEST(Intake, AGatewayWhoseShareIsFullIsToldTheTimeForItsShare) {
    Config config;
    config.queued_turns_per_gateway_max = 4;
    config.gateway_weights["heavy"] = 4;
    Scene scene(config);
    scene.worker("w1");
    for (int i = 0; i < 20; ++i) {  // 2/s
        scene.open("done" + std::to_string(i));
        scene.answer("done" + std::to_string(i), "x");
        scene.advance(500ms);
    }
    scene.open("runs");
    const auto fill = [&](const std::string& gateway, int turns) {
        for (int i = 0; i <= turns; ++i) {
            const auto turn = gateway + std::to_string(i);
            scene.open(turn, turn, "hello", gateway);
        }
        return gateway + std::to_string(turns);
    };
    for (const auto* gateway : {"a", "b", "c", "d"}) fill(gateway, 4);
    // Of the heavy one's four turns each goes with one of another: of all eight in each round.
    const auto after = *scene.last<wire::Rejected>(fill("heavy", 4), "heavy").retry_after_ms;
    EXPECT_NEAR(static_cast<double>(after), (4 * 8 / 4 + 1) * 500, 600);
    // To each of a light one's four belong eight, but more than all that wait is never before it.
    scene.open("a9", "a9", "hello", "a");
    EXPECT_NEAR(static_cast<double>(*scene.last<wire::Rejected>("a9", "a").retry_after_ms),
                (20 + 1) * 500, 1'300);
}

TEST(Intake, OneGatewayCannotFillTheMemoryForAnother) {
    Config config;
    config.queued_bytes_max = 2'000;
    config.queued_bytes_per_gateway_max = 1'000;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1", "s1", std::string(600, 'x'));
    scene.open("t2", "s2", std::string(600, 'x'));
    const auto rejected = scene.last<wire::Rejected>("t2");
    EXPECT_EQ(rejected.code, Errc::overloaded);
    EXPECT_EQ(rejected.message, "this gateway's share of the memory for waiting turns is full");
    EXPECT_EQ(rejected.retry_after_ms, 1'000);
    scene.open("t3", "s3", std::string(600, 'x'), "g2");
    EXPECT_EQ(scene.types("t3", "g2"), "accepted");
    scene.open("t4", "s4", std::string(400, 'x'));
    EXPECT_EQ(scene.types("t4"), "accepted") << "exactly its share";
    scene.answer("t1", "ok");
    scene.open("t2", "s2", std::string(600, 'x'));
    EXPECT_EQ(scene.types("t2"), "rejected accepted");
}

TEST(Intake, AnOpenWithoutBytesLeavesTheShareAsItWas) {
    Config config;
    config.queued_bytes_per_gateway_max = 10;
    Scene scene(config);
    scene.open("t1", "s1", "");
    scene.open("t2", "s2", "");
    scene.cancel("t1");
    scene.cancel("t2");
    scene.open("t3", "s3", "0123456789");
    EXPECT_EQ(scene.types("t3"), "accepted");
    scene.open("t4", "s4", "x");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t4")), Errc::overloaded);
}

TEST(Intake, OneGatewayCannotFillTheQueueForAnother) {
    Config config;
    config.queued_turns_per_gateway_max = 1;
    Scene scene(config);
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    scene.open("t3", "s3", "hello", "g2");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t2")), Errc::overloaded);
    EXPECT_EQ(scene.types("t3", "g2"), "accepted");
}

TEST(Intake, ASessionMayHaveOnlySoManyTurnsWaiting) {
    Config config;
    config.queued_turns_per_session_max = 2;
    Scene scene(config);
    for (int i = 1; i <= 3; ++i) scene.open("t" + std::to_string(i));
    EXPECT_EQ(code(scene.last<wire::Rejected>("t3")), Errc::overloaded);
}

TEST(Intake, TheBytesOfWhatWaitsAndRunsAreBounded) {
    Config config;
    config.queued_bytes_max = 1000;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1", "s1", std::string(600, 'x'));
    scene.open("t2", "s2", std::string(600, 'x'));
    EXPECT_EQ(code(scene.last<wire::Rejected>("t2")), Errc::overloaded);
    scene.answer("t1", "ok");
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued_bytes, 0u);
    scene.open("t2", "s2", std::string(600, 'x'));
    EXPECT_EQ(scene.types("t2"), "rejected accepted");
}

TEST(Intake, ADeadlineThatWouldPassInTheQueueIsOverloaded) {
    Scene scene;
    scene.worker("w1");
    for (int i = 0; i < 10; ++i) {  // 1/s
        scene.open("done" + std::to_string(i));
        scene.answer("done" + std::to_string(i), "x");
        scene.advance(1s);
    }
    for (int i = 0; i < 12; ++i) scene.open("t" + std::to_string(i), "s" + std::to_string(i));
    auto open = Scene::an_open("hasty", "s99");
    open.deadline = 3s;
    scene.open(open);
    EXPECT_EQ(code(scene.last<wire::Rejected>("hasty")), Errc::overloaded);
    open.turn = "patient";
    open.deadline = 60s;
    scene.open(open);
    EXPECT_EQ(scene.types("patient"), "accepted");
}

TEST(Intake, TooManyDifferentPipelinesAreNotWaitedFor) {
    Config config;
    config.pipelines_max = 2;
    Scene scene(config);
    auto open = Scene::an_open("t1");
    for (const auto* pipeline : {"a", "b", "c"}) {
        open.turn = open.session = open.pipeline = pipeline;
        scene.open(open);
    }
    EXPECT_EQ(scene.types("b"), "accepted");
    EXPECT_EQ(code(scene.last<wire::Rejected>("c")), Errc::overloaded);
}

TEST(Intake, TooManySessionsOrGatewaysAreRefusedUntilSomeAreIdle) {
    Config config;
    config.sessions_max = config.gateways_max = 1;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1", "s1");
    scene.open("t2", "s2");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t2")), Errc::overloaded);
    scene.open("t3", "s1", "hello", "g2");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t3", "g2")), Errc::overloaded);
    scene.answer("t1", "ok");
    scene.advance(config.beacon_after_end);
    scene.open("t4", "s2", "hello", "g2");
    EXPECT_EQ(scene.types("t4", "g2"), "accepted");
}

TEST(Intake, ADrainingBrokerRefusesNewTurnsAndEndsTheOthers) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.open("t2");
    scene.broker.on(Drain{}, scene.now);
    scene.open("t3");
    EXPECT_EQ(code(scene.last<wire::Rejected>("t3")), Errc::unavailable);
    EXPECT_TRUE(scene.broker.snapshot(scene.now).draining);
    scene.answer("t1", "one");
    scene.answer("t2", "two");
    EXPECT_EQ(scene.types("t2"), "accepted started delta completed");
}

TEST(Intake, ADrainingBrokerLetsAKnownTurnBeJoined) {
    Scene scene;
    scene.open("t1");
    scene.broker.on(Drain{}, scene.now);
    scene.open("t1");
    EXPECT_EQ(scene.types("t1"), "accepted accepted");
}

TEST(Intake, ABadCommandIsAnsweredWhereItsSenderIsKnown) {
    Scene scene;
    scene.broker.on(codec::BadCommand{"g1", "t1", {Errc::too_large, "field text is too long"}},
                    scene.now);
    scene.broker.on(codec::BadCommand{"", "t1", {Errc::malformed, "x"}}, scene.now);
    scene.broker.on(codec::BadCommand{"g1", "", {Errc::malformed, "x"}}, scene.now);
    EXPECT_EQ(scene.out.published.size(), 1u);
    EXPECT_EQ(scene.last<wire::Rejected>("t1"),
              (wire::Rejected{Errc::too_large, "field text is too long", std::nullopt}));
    EXPECT_EQ(scene.counters().bad_commands, 3u);
}

TEST(Intake, ABadCommandThatNamesALiveTurnLeavesItAlone) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.broker.on(codec::BadCommand{"g1", "t1", {Errc::invalid_field, "x"}}, scene.now);
    scene.answer("t1", "fine");
    EXPECT_EQ(scene.types("t1"), "accepted rejected started delta completed");
    EXPECT_EQ(scene.events("t1").back().seq, 4u);
}

}  // namespace
}  // namespace emostage::broker::test
