#include "bench/load/tally.hpp"

namespace emostage::load {
namespace {

TEST(Tally, RatesAreOfTheTimeAtFullLoadAndLatencyOfWhatIsAdded) {
    Meter meter;
    meter.started = 30;
    meter.completed = 20;
    meter.completed_in_time = 16;
    meter.tokens_in_time = 640;
    meter.deltas_in_time = 320;
    meter.rejected = 10;
    meter.codes = {{"overloaded", 9}, {"unavailable", 1}};
    for (int i = 0; i < 100; ++i) meter.first.add(milliseconds(700 + i));
    Row row;
    row.ideal_ms = 690;
    put_meter(row, meter, 4);
    EXPECT_EQ(row.turns_s, 4);
    EXPECT_EQ(row.tokens_s, 160);
    EXPECT_EQ(row.deltas_s, 80);
    EXPECT_EQ(row.started, 30);
    EXPECT_EQ(row.codes, "overloaded 9, unavailable 1");
    EXPECT_NEAR(row.first_p50, 60, 0.1);
    EXPECT_NEAR(row.first_most, 109, 0.1);
    EXPECT_TRUE(std::isnan(row.jitter_p50));
    EXPECT_TRUE(std::isnan(row.cpu_broker));
}

TEST(Tally, WithoutASystemOfOursOnlyThisProcessAndTheMachineAreSeen) {
    const auto now = snapshot(nullptr);
    EXPECT_TRUE(now.cpu_s.empty());
    EXPECT_GT(now.own_s, 0);
    EXPECT_GT(now.machine_s, 0);
    EXPECT_EQ(now.all(), now.own_s);
}

TEST(Tally, CodesOfNothingAreNothing) { EXPECT_EQ(codes_of(Meter()), ""); }

}  // namespace
}  // namespace emostage::load
