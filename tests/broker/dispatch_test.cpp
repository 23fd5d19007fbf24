// Who runs next, and where: fairness, priority, pipelines, credit, deadlines.

#include "broker/broker.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

using testing::ElementsAre;

wire::Open for_pipeline(std::string turn, std::string pipeline) {
    auto open = Scene::an_open(turn, "s-" + turn);
    open.pipeline = std::move(pipeline);
    return open;
}

wire::Open with_priority(std::string turn, wire::Priority priority) {
    auto open = Scene::an_open(turn, "s-" + turn);
    open.priority = priority;
    return open;
}

TEST(Dispatch, ALeaseCarriesTheWholeTurn) {
    Scene scene;
    auto open = Scene::an_open("t1", "s1", "hello");
    open.locale = "ja";
    open.traceparent = "00-trace";
    open.deadline = 5s;
    scene.open(open);
    scene.advance(2s);
    scene.worker("w1");
    const auto* lease = scene.lease("t1");
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->attempt, 1u);
    EXPECT_EQ(lease->session, "s1");
    EXPECT_EQ(lease->pipeline, "emostage");
    EXPECT_EQ(lease->locale, "ja");
    EXPECT_EQ(lease->text, "hello");
    EXPECT_EQ(lease->left, 3s);
    EXPECT_EQ(lease->reply_bytes_max, Config{}.limits.reply_bytes);
    EXPECT_EQ(lease->traceparent, "00-trace");
}

TEST(Dispatch, GatewaysTakeTurns) {
    Scene scene;
    for (const auto* turn : {"a1", "a2", "a3"}) scene.open(turn, turn, "x", "a");
    for (const auto* turn : {"b1", "b2"}) scene.open(turn, turn, "x", "b");
    scene.worker("w1", 8);
    EXPECT_THAT(scene.leased(), ElementsAre("a1", "b1", "a2", "b2", "a3"));
}

TEST(Dispatch, AHeavyGatewayGetsItsTurnsOfTheRotation) {
    Config config;
    config.gateway_weights["b"] = 2;
    Scene scene(config);
    for (const auto* turn : {"a1", "a2", "a3"}) scene.open(turn, turn, "x", "a");
    for (const auto* turn : {"b1", "b2", "b3", "b4"}) scene.open(turn, turn, "x", "b");
    scene.worker("w1", 8);
    EXPECT_THAT(scene.leased(), ElementsAre("b1", "a1", "b2", "b3", "a2", "b4", "a3"));
}

TEST(Dispatch, ASessionWithManyTurnsDoesNotStarveTheOthersOfItsGateway) {
    Scene scene;
    scene.worker("w1");
    for (int i = 0; i < 50; ++i) scene.open("long" + std::to_string(i), "long");
    scene.advance(1s);
    for (const auto* turn : {"x1", "y1", "z1"}) scene.open(turn, turn);
    for (int i = 0; i < 7; ++i) {
        scene.advance(100ms);
        scene.answer(scene.leased().back(), "x");
        if (i == 4) scene.open("late", "late");
    }
    EXPECT_THAT(scene.leased(),
                ElementsAre("long0", "x1", "y1", "z1", "long1", "long2", "late", "long3"));
}

TEST(Dispatch, AHigherPriorityGoesFirstWithinItsGateway) {
    Scene scene;
    scene.open(with_priority("low", wire::Priority::low));
    scene.open(with_priority("normal", wire::Priority::normal));
    scene.open(with_priority("high", wire::Priority::high));
    scene.worker("w1", 8);
    EXPECT_THAT(scene.leased(), ElementsAre("high", "normal", "low"));
}

TEST(Dispatch, WaitingMakesUpForPriority) {
    Scene scene;
    scene.open(with_priority("low", wire::Priority::low));
    scene.advance(Config{}.priority_step + 1ms);
    scene.open(with_priority("normal", wire::Priority::normal));
    scene.worker("w1", 8);
    EXPECT_THAT(scene.leased(), ElementsAre("low", "normal"));
}

TEST(Dispatch, OnlyWorkersThatServeThePipelineAreChosen) {
    Scene scene;
    scene.worker("w1", 8, {"emostage"});
    scene.worker("w2", 1, {"base"});
    scene.open(for_pipeline("t1", "base"));
    EXPECT_EQ(scene.holder("t1").name, "w2");
}

TEST(Dispatch, APipelineWithoutCreditHoldsUpNoOther) {
    Scene scene;
    scene.worker("w1", 1, {"base"});
    scene.worker("w2", 1, {"emostage"});
    scene.open(for_pipeline("t1", "base"));
    scene.open(for_pipeline("t2", "base"));
    scene.open(for_pipeline("t3", "emostage"));
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t3"));
}

TEST(Dispatch, TheWorkerWithTheMostFreeCreditIsChosenTiesByLeastRecentUse) {
    Scene scene;
    scene.worker("w1", 2);
    scene.worker("w2", 3);
    for (const auto* turn : {"t1", "t2", "t3", "t4", "t5"}) scene.open(turn, turn);
    EXPECT_EQ(scene.holder("t1").name, "w2");
    EXPECT_EQ(scene.holder("t2").name, "w1");
    EXPECT_EQ(scene.holder("t3").name, "w2");
    EXPECT_EQ(scene.holder("t4").name, "w1");
    EXPECT_EQ(scene.holder("t5").name, "w2");
}

TEST(Dispatch, NoWorkerGetsMoreThanItsSlots) {
    Scene scene;
    scene.worker("w1", 2);
    for (const auto* turn : {"t1", "t2", "t3"}) scene.open(turn, turn);
    EXPECT_EQ(scene.leased().size(), 2u);
    EXPECT_EQ(scene.broker.snapshot(scene.now).workers[0].running, 2u);
    scene.answer("t2", "x");
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2", "t3"));
}

TEST(Dispatch, AWorkerWithoutSlotsGetsNothingAndTooManySlotsAreCut) {
    Config config;
    config.slots_max = 2;
    Scene scene(config);
    scene.worker("w1", 0);
    scene.open("t0", "t0");
    EXPECT_TRUE(scene.leased().empty());
    scene.worker("w2", 4'000'000'000u);
    for (const auto* turn : {"t1", "t2", "t3"}) scene.open(turn, turn);
    EXPECT_EQ(scene.leased().size(), 2u);
}

TEST(Dispatch, ADrainingWorkerGetsNothingNew) {
    Scene scene;
    auto& w1 = scene.worker("w1", 4);
    scene.open("t1", "s1");
    w1.draining = true;
    scene.beat(w1);
    scene.open("t2", "s2");
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    scene.answer("t1", "done");
    EXPECT_EQ(scene.types("t1"), "accepted started delta completed");
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
    EXPECT_TRUE(scene.broker.snapshot(scene.now).workers[0].draining);
}

TEST(Dispatch, AWorkerThatIsSilentForTwoBeatsGetsNothingUntilItIsHeard) {
    Scene scene;
    auto& w1 = scene.worker("w1", 4);
    w1.beating = false;
    scene.advance(3s);
    scene.open("t1");
    EXPECT_TRUE(scene.leased().empty());
    scene.beat(w1);
    EXPECT_THAT(scene.leased(), ElementsAre("t1"));
}

TEST(Dispatch, MoreThanOneCallMayTakeIsDoneByTheNextTick) {
    Config config;
    config.grants_max = 2;
    Scene scene(config);
    for (const auto* turn : {"t1", "t2", "t3", "t4", "t5"}) scene.open(turn, turn);
    scene.worker("w1", 8);
    EXPECT_EQ(scene.leased().size(), 2u);
    EXPECT_EQ(scene.broker.next_time(), scene.now.steady);
    scene.tick();
    EXPECT_EQ(scene.leased().size(), 4u);
    scene.tick();
    EXPECT_EQ(scene.leased().size(), 5u);
    EXPECT_GT(*scene.broker.next_time(), scene.now.steady);
}

// --- deadlines ---------------------------------------------------------------------------------

TEST(Deadline, AQueuedTurnFailsAtItsDeadline) {
    Scene scene;
    auto open = Scene::an_open("t1");
    open.deadline = 2s;
    scene.open(open);
    scene.advance(1999ms);
    EXPECT_EQ(scene.types("t1"), "accepted");
    scene.advance(1ms);
    const auto failed = scene.last<wire::Failed>("t1");
    EXPECT_EQ(failed.code, Errc::deadline_exceeded);
    EXPECT_TRUE(failed.retryable);
    EXPECT_EQ(scene.broker.snapshot(scene.now).queued, 0u);
}

TEST(Deadline, ARunningTurnFailsAtItsDeadlineAndItsWorkerIsStopped) {
    Scene scene;
    auto& w1 = scene.worker("w1");
    auto open = Scene::an_open("t1");
    open.deadline = 2s;
    scene.open(open);
    scene.say("t1", {wire::Started{}, delta("a")});
    scene.advance(2s);
    EXPECT_EQ(scene.last<wire::Failed>("t1").code, Errc::deadline_exceeded);
    EXPECT_EQ(scene.sent<wire::Stop>(w1).size(), 1u);
    scene.say("t1", {delta("b")});
    EXPECT_EQ(scene.types("t1"), "accepted started delta failed");
}

TEST(Deadline, WithoutOneTheDefaultHoldsAndTheLimitCapsAll) {
    Config config;
    config.deadline_default = 7s;
    config.limits.deadline_ms = 20'000;
    Scene scene(config);
    scene.worker("w1", 4);
    scene.open("t1", "s1");
    auto open = Scene::an_open("t2", "s2");
    open.deadline = std::chrono::hours(1);
    scene.open(open);
    EXPECT_EQ(scene.lease("t1")->left, 7s);
    EXPECT_EQ(scene.lease("t2")->left, 20s);
}

TEST(Deadline, ATurnWhoseDeadlinePassedUnseenIsNotLeased) {
    Scene scene;
    auto open = Scene::an_open("t1");
    open.deadline = 1s;
    scene.open(open);
    scene.now.steady += 1s;  // no tick
    scene.worker("w1");
    EXPECT_TRUE(scene.leased().empty());
    EXPECT_EQ(scene.last<wire::Failed>("t1").code, Errc::deadline_exceeded);
}

TEST(Deadline, TheNextOfTheSessionRunsWhenOneFails) {
    Scene scene;
    scene.worker("w1", 2);
    auto open = Scene::an_open("t1");
    open.deadline = 1s;
    scene.open(open);
    scene.open("t2");
    scene.advance(1s);
    EXPECT_THAT(scene.leased(), ElementsAre("t1", "t2"));
}

TEST(Deadline, WorkOfOneTickIsBounded) {
    Config config;
    config.tick_steps_max = 3;
    Scene scene(config);
    for (int i = 0; i < 5; ++i) {
        auto open = Scene::an_open("t" + std::to_string(i), "s" + std::to_string(i));
        open.deadline = 500ms;
        scene.open(open);
    }
    scene.now.steady += 500ms;
    scene.tick();
    EXPECT_EQ(scene.counters().failed, 3u);
    EXPECT_LE(*scene.broker.next_time(), scene.now.steady);
    scene.tick();
    EXPECT_EQ(scene.counters().failed, 5u);
}

// --- size --------------------------------------------------------------------------------------

TEST(Dispatch, AHundredThousandQueuedTurnsOfManyGatewaysAllRun) {
    Config config;
    config.queued_turns_per_session_max = 100;
    config.deadline_default = milliseconds(600'000);
    struct Count : Outputs {
        void publish(std::string_view, const wire::Event&) override { ++events; }
        void send(const Route&, const wire::ToWorker& message) override {
            if (const auto* lease = std::get_if<wire::Lease>(&message))
                leases.push_back(lease->lease);
        }
        void commit(Commit) override {}
        std::size_t events = 0;
        std::vector<wire::LeaseId> leases;
    } out;
    Now now{TimePoint(1h), 0};
    Broker broker(config, empty_state("b"), out, now);
    for (int i = 0; i < 100'000; ++i) {
        broker.on(Scene::an_open("t" + std::to_string(i), "s" + std::to_string(i / 4), "x",
                                 "g" + std::to_string(i % 100)),
                  now);
    }
    EXPECT_EQ(broker.snapshot(now).queued, 100'000u);
    broker.on(FromWorker{"r", wire::Ready{"w", "i", 64, {"emostage"}}}, now);
    for (std::size_t done = 0; done < out.leases.size(); ++done) {
        broker.on(FromWorker{"r", wire::Output{out.leases[done], 1, {completed_as("")}}}, now);
    }
    EXPECT_EQ(out.leases.size(), 100'000u);
    EXPECT_EQ(broker.snapshot(now).counters.completed, 100'000u);
    EXPECT_EQ(broker.snapshot(now).queued_bytes, 0u);
}

}  // namespace
}  // namespace emostage::broker::test
