#include "broker/meters.hpp"

#include <gtest/gtest.h>

#include "tests/broker/support/scene.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;
using test::Scene;

const Meters& meters_of(Scene& scene) {
    static Meters seen;
    seen = scene.broker.snapshot(scene.now).meters;
    return seen;
}
PipelineMeter of(Scene& scene, const std::string& pipeline = "emostage") {
    auto meters = meters_of(scene);
    return meters.of(pipeline);
}
std::uint64_t lost(Scene& scene, LossCause cause) {
    return meters_of(scene).leases_lost[static_cast<std::size_t>(cause)];
}

TEST(BrokerMeters, TimeATurnsWaitItsFirstDeltaAndItsWhole) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.open("t2", "s2");  // waits for the slot
    scene.advance(300ms);
    scene.say("t1", {wire::Started{"w1"}, test::delta("a")});
    scene.advance(400ms);
    scene.say("t1", {test::delta("b"), test::completed_as("ab")});
    const auto meter = of(scene);
    EXPECT_EQ(meter.queue_wait.count(), 2u);
    EXPECT_NEAR(meter.queue_wait.sum(), 0.7, 1e-9) << "the second got the slot of the first";
    EXPECT_EQ(meter.first_delta.count(), 1u) << "not once more for the second piece";
    EXPECT_NEAR(meter.first_delta.sum(), 0.3, 1e-9);
    const auto& took = meter.took[static_cast<std::size_t>(TurnEnd::completed)];
    EXPECT_EQ(took.count(), 1u);
    EXPECT_NEAR(took.sum(), 0.7, 1e-9);
}

TEST(BrokerMeters, CountATurnThatIsLeasedAgainOnceAsWaiting) {
    Scene scene;
    auto& worker = scene.worker("w1");
    scene.open("t1");
    scene.from(worker, wire::Return{scene.lease("t1")->lease, "draining"});
    scene.beat(worker);
    ASSERT_EQ(scene.leased().size(), 2u);
    EXPECT_EQ(of(scene).queue_wait.count(), 1u);
}

TEST(BrokerMeters, GiveNoPlaceToAPipelineThatNoWorkerHasRun) {
    Config config;
    Scene scene(config);
    scene.worker("w1");
    for (int i = 0; i < 40; ++i) {
        auto open = Scene::an_open("t" + std::to_string(i), "s" + std::to_string(i));
        open.pipeline = "invented-" + std::to_string(i);
        scene.open(open);
    }
    EXPECT_EQ(meters_of(scene).pipelines.size(), 1u);
}

TEST(BrokerMeters, SayWhyATurnFailed) {
    Scene scene;
    scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{"w1"}, wire::Failed{Errc::model_cut, "cut", true}});
    EXPECT_EQ(meters_of(scene).failed[static_cast<std::size_t>(Errc::model_cut)], 1u);
    EXPECT_EQ(of(scene).took[static_cast<std::size_t>(TurnEnd::failed)].count(), 1u);
}

TEST(BrokerMeters, SayWhyALeaseWasLost) {
    Scene scene;
    auto& silent = scene.worker("w1");
    scene.open("t1");
    silent.beating = false;
    scene.advance(11s);
    EXPECT_EQ(lost(scene, LossCause::silent), 1u);

    auto& gone = scene.worker("w2");
    scene.tick();
    ASSERT_EQ(scene.holder("t1").name, "w2");
    scene.broker.on(Unreachable{gone.route}, scene.now);
    gone.beating = false;
    scene.advance(1s);
    EXPECT_EQ(lost(scene, LossCause::disconnected), 1u);

    scene.worker("w3");
    scene.tick();
    ASSERT_EQ(scene.holder("t1").name, "w3");
    scene.say("t1", {wire::Started{"w3"}, test::delta("a"), test::completed_as("another")});
    EXPECT_EQ(lost(scene, LossCause::wrong), 1u);
    EXPECT_EQ(scene.counters().leases_lost, 3u);
}

TEST(BrokerMeters, TimeACancelUntilItsWorkerHasStopped) {
    Scene scene;
    auto& worker = scene.worker("w1");
    scene.open("t1");
    scene.say("t1", {wire::Started{"w1"}});
    const auto lease = scene.lease("t1")->lease;
    scene.cancel("t1");
    scene.advance(4ms);
    scene.from(worker, wire::Output{lease, 2, {wire::Cancelled{"requested"}}});
    const auto& meters = meters_of(scene);
    EXPECT_EQ(meters.stopped.count(), 1u);
    EXPECT_NEAR(meters.stopped.sum(), 0.004, 1e-9);
    EXPECT_EQ(meters.cancel_told.count(), 1u) << "in memory its end is told at once";
    EXPECT_EQ(scene.counters().cancels, 1u);
}

TEST(BrokerMeters, TimeACancelUntilItsEndIsStoredAndTold) {
    Config config;
    config.durable = true;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.store();
    scene.cancel("t1");
    EXPECT_EQ(meters_of(scene).cancel_told.count(), 0u);
    scene.now.steady += 9ms;
    scene.store();
    EXPECT_EQ(meters_of(scene).cancel_told.count(), 1u);
    EXPECT_NEAR(meters_of(scene).cancel_told.sum(), 0.009, 1e-9);
}

TEST(BrokerMeters, MeasureCommits) {
    Config config;
    config.durable = true;
    Scene scene(config);
    scene.worker("w1");
    scene.open("t1");
    scene.now.steady += 5ms;
    scene.fail(Committed::Result::full);
    auto meters = meters_of(scene);
    EXPECT_EQ(meters.commit.count(), 0u);
    EXPECT_EQ(meters.commits_full, 1u);
    EXPECT_EQ(meters.commit_turns.sum(), 1.0);
    EXPECT_GT(meters.commit_bytes.sum(), 10.0);
}

TEST(Commit, KnowsItsBytes) {
    Commit commit;
    EXPECT_EQ(commit.bytes(), 0u);
    TurnRow row;
    row.turn = "t1";
    row.session = "s1";
    row.head = "head";
    row.request = "request";
    commit.turns.push_back(row);
    commit.events.push_back({1, 1, 2, "events"});
    commit.sessions.push_back({"s1", 0, "memory"});
    EXPECT_EQ(commit.bytes(), 2u + 2 + 4 + 7 + 6 + 2 + 6);
}

}  // namespace
}  // namespace emostage::broker
