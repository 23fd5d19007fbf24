#include "worker/admin/shard_reports.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace emostage::worker {
namespace {

constexpr std::chrono::milliseconds short_wait{1};  // for who never answers

ShardReport with(std::size_t running) {
    ShardReport report;
    report.registered = true;
    report.slots = 8;
    report.running = running;
    report.pipelines.resize(1);
    report.pipelines[0].pipeline = "p";
    report.pipelines[0].degraded = running;
    report.endpoints.push_back({"e", running});
    return report;
}

TEST(ShardReports, AreAddedUp) {
    std::vector<std::thread> threads;
    ShardReports reports(3, [&](std::size_t shard, ShardReports::Answer answer) {
        threads.emplace_back([shard, answer] { answer(with(shard + 1)); });
    });
    const auto report = reports.take();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(report.shards, 3u);
    EXPECT_EQ(report.registered, 3u);
    EXPECT_EQ(report.late, 0u);
    EXPECT_EQ(report.all.slots, 24u);
    EXPECT_EQ(report.all.running, 6u);
    ASSERT_EQ(report.all.pipelines.size(), 1u);
    EXPECT_EQ(report.all.pipelines[0].degraded, 6u);
    ASSERT_EQ(report.all.endpoints.size(), 1u);
    EXPECT_EQ(report.all.endpoints[0].running, 6u);
}

TEST(ShardReports, ShowAShardThatHangsAsItWasAndAskItOnlyOnce) {
    ShardReports::Answer held;
    int asked = 0;
    ShardReports reports(
        2,
        [&](std::size_t shard, ShardReports::Answer answer) {
            if (shard == 0) return answer(with(1));
            if (++asked == 1) return answer(with(5));
            held = std::move(answer);
        },
        short_wait);
    EXPECT_EQ(reports.take().all.running, 6u);
    const auto late = reports.take();
    EXPECT_EQ(late.late, 1u);
    EXPECT_EQ(late.all.running, 6u);
    EXPECT_EQ(reports.take().late, 1u);
    EXPECT_EQ(asked, 2) << "what it was asked it has yet to answer";
    held(with(7));
    EXPECT_EQ(reports.take().late, 1u) << "it is asked again, and hangs again";
    EXPECT_EQ(asked, 3);
    EXPECT_EQ(reports.take().all.running, 8u);
}

TEST(ShardReports, TakeWhatOthersHaveWhereTheFirstShardHasNeverAnswered) {
    ShardReports reports(
        2,
        [](std::size_t shard, ShardReports::Answer answer) {
            if (shard == 1) answer(with(2));
        },
        short_wait);
    const auto report = reports.take();
    EXPECT_EQ(report.late, 1u);
    EXPECT_EQ(report.registered, 1u);
    EXPECT_EQ(report.all.pipelines.size(), 1u);
    EXPECT_EQ(report.all.endpoints.size(), 1u);
}

TEST(ShardReports, AnswerAfterTheyAreGone) {
    ShardReports::Answer held;
    {
        ShardReports reports(
            1, [&](std::size_t, ShardReports::Answer answer) { held = std::move(answer); },
            short_wait);
        EXPECT_EQ(reports.take().late, 1u);
    }
    held(with(1));
}

}  // namespace
}  // namespace emostage::worker
