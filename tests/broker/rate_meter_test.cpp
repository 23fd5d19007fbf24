#include "broker/rate_meter.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

TEST(RateMeter, WithoutAnEndTheRateIsUnknown) {
    RateMeter rate;
    EXPECT_EQ(rate.time_for(10, TimePoint(100s)), std::nullopt);
}

TEST(RateMeter, TheTimeFollowsFromTheMeasuredRate) {
    RateMeter rate;
    for (int i = 0; i < 500; ++i) rate.count(TimePoint(100s) + i * 20ms);  // 50/s for 10 s
    const auto time = rate.time_for(100, TimePoint(110s));
    ASSERT_TRUE(time);
    EXPECT_NEAR(static_cast<double>(time->count()), 2000, 250);
}

TEST(RateMeter, AShortMeasurementCountsAsASecond) {
    RateMeter rate;
    rate.count(TimePoint(100s));
    EXPECT_EQ(rate.time_for(3, TimePoint(100s)), 3s);
}

TEST(RateMeter, WhatIsLongAgoIsForgotten) {
    RateMeter rate;
    rate.count(TimePoint(100s));
    EXPECT_TRUE(rate.time_for(1, TimePoint(109s)));
    EXPECT_EQ(rate.time_for(1, TimePoint(111s)), std::nullopt);
    rate.count(TimePoint(200s));
    EXPECT_EQ(rate.time_for(1, TimePoint(200s)), 1s);
}

}  // namespace
}  // namespace emostage::broker
