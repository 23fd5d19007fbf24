#include "worker/admin/turn_meters.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using namespace std::chrono_literals;

PipelineSet pipelines(int count = 1) {
    PipelineSet set;
    for (int i = 0; i < count; ++i) {
        auto pipeline = std::make_shared<Pipeline>();
        pipeline->name = "p" + std::to_string(100 + i);
        for (const char* stage : {"phase", "response"}) {
            pipeline->stages.emplace_back().name = stage;
        }
        set.emplace(pipeline->name, pipeline);
    }
    return set;
}

RunReport completed() {
    RunReport report;
    report.end = RunReport::End::completed;
    report.took = 2s;
    report.first_delta = 400ms;
    report.stages = {{StageReport::End::done, Errc::internal, 300ms},
                     {StageReport::End::done, Errc::internal, 1600ms}};
    return report;
}

class TurnMetersTest : public testing::Test {
protected:
    const PipelineMeter& meter(std::size_t place = 1) { return meters_.pipelines()[place]; }

    TimePoint now_{1h};
    TurnMeters meters_{pipelines()};
};

TEST_F(TurnMetersTest, SumUpWhatIsOursAndNotWhatTheModelTakes) {
    meters_.moved(7, now_);
    meters_.sent(now_ + 300us);  // the lease's first requests
    now_ += 400ms;
    meters_.moved(7, now_);
    meters_.moved(7, now_ + 100us);  // another answer in the same turn of the loop
    meters_.sent(now_ + 200us);
    now_ += 1s;
    meters_.moved(7, now_);
    meters_.ended(7, "p100", completed());
    EXPECT_EQ(meter().own.count(), 0u) << "its end has not left yet";
    meters_.sent(now_ + 50us);
    EXPECT_EQ(meter().own.count(), 1u);
    EXPECT_NEAR(meter().own.sum(), 550e-6, 1e-9);
    EXPECT_FALSE(meters_.waits_for_sent());
}

TEST_F(TurnMetersTest, KeepTurnsApart) {
    meters_.moved(1, now_);
    meters_.moved(2, now_ + 1ms);
    meters_.sent(now_ + 2ms);
    meters_.ended(1, "p100", completed());
    meters_.ended(2, "p100", completed());
    meters_.sent(now_ + 1s);
    EXPECT_EQ(meter().own.count(), 2u);
    EXPECT_NEAR(meter().own.sum(), 3e-3, 1e-9);
}

TEST_F(TurnMetersTest, CountAWholeTurn) {
    auto report = completed();
    report.degraded = true;
    report.restarts = 2;
    meters_.ended(1, "p100", report);
    EXPECT_EQ(meter().pipeline, "p100");
    EXPECT_EQ(meter().took[static_cast<std::size_t>(RunReport::End::completed)].count(), 1u);
    EXPECT_NEAR(meter().first_delta.sum(), 0.4, 1e-9);
    EXPECT_EQ(meter().degraded, 1u);
    EXPECT_EQ(meter().restarts, 2u);
    ASSERT_EQ(meter().stages.size(), 2u);
    EXPECT_EQ(meter().stages[1].stage, "response");
    EXPECT_NEAR(meter().stages[1].took.sum(), 1.6, 1e-9);
}

TEST_F(TurnMetersTest, SayWhyAStageFailedAndTimeOnlyThoseThatWereDone) {
    auto report = completed();
    report.stages[0] = {StageReport::End::failed, Errc::model_output, 100ms};
    meters_.ended(1, "p100", report);
    report.stages[0] = {StageReport::End::skipped, Errc::internal, 5s};
    meters_.ended(2, "p100", report);
    const auto& stage = meter().stages[0];
    EXPECT_EQ(stage.failures[static_cast<std::size_t>(Errc::model_output)], 1u);
    EXPECT_EQ(stage.ended[static_cast<std::size_t>(StageReport::End::failed)], 1u);
    EXPECT_EQ(stage.ended[static_cast<std::size_t>(StageReport::End::skipped)], 1u);
    EXPECT_EQ(stage.took.count(), 0u);
}

TEST_F(TurnMetersTest, CountNoOwnWorkOfATurnThatWasCutShort) {
    auto report = completed();
    report.end = RunReport::End::cancelled;
    meters_.moved(1, now_);
    meters_.ended(1, "p100", report);
    meters_.sent(now_ + 1ms);
    EXPECT_EQ(meter().own.count(), 0u);
    EXPECT_EQ(meter().took[static_cast<std::size_t>(RunReport::End::cancelled)].count(), 1u);
}

TEST_F(TurnMetersTest, CountPipelinesBeyondTheLimitTogether) {
    TurnMeters many(pipelines(40));
    ASSERT_EQ(many.pipelines().size(), TurnMeters::pipelines_shown_max + 1);
    many.ended(1, "p139", completed());
    const auto& other = many.pipelines()[0];
    EXPECT_EQ(other.pipeline, "other");
    EXPECT_TRUE(other.stages.empty());
    EXPECT_EQ(other.took[static_cast<std::size_t>(RunReport::End::completed)].count(), 1u);
}

TEST_F(TurnMetersTest, AreTheSumOfThoseOfTwoShards) {
    TurnMeters another(pipelines());
    auto report = completed();
    report.stages[0] = {StageReport::End::failed, Errc::model_busy, 1ms};
    meters_.ended(1, "p100", completed());
    another.ended(1, "p100", report);
    PipelineMeter sum = meter();
    sum.merge(another.pipelines()[1]);
    EXPECT_EQ(sum.took[static_cast<std::size_t>(RunReport::End::completed)].count(), 2u);
    EXPECT_EQ(sum.stages[0].failures[static_cast<std::size_t>(Errc::model_busy)], 1u);
    EXPECT_EQ(sum.stages[1].took.count(), 2u);
}

}  // namespace
}  // namespace emostage::worker
