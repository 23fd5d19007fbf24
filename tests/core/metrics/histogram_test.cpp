#include "core/metrics/histogram.hpp"

#include <gtest/gtest.h>

#include "core/metrics/bounds.hpp"

namespace emostage::metrics {
namespace {

using namespace std::chrono_literals;

constexpr std::array bounds{1.0, 2.0, 5.0};

TEST(Histogram, CountsAValueInTheFirstRangeThatHoldsIt) {
    Histogram histogram(bounds);
    for (const double value : {0.0, 1.0, 1.5, 2.0, 4.0, 5.0, 5.1, 1000.0}) histogram.observe(value);
    EXPECT_EQ(histogram.count_in(0), 2u) << "a bound belongs to its range";
    EXPECT_EQ(histogram.count_in(1), 2u);
    EXPECT_EQ(histogram.count_in(2), 2u);
    EXPECT_EQ(histogram.count_in(3), 2u) << "what is more than the last bound";
    EXPECT_EQ(histogram.count(), 8u);
    EXPECT_DOUBLE_EQ(histogram.sum(), 1018.6);
}

TEST(Histogram, CountsNothingAtFirst) {
    const Histogram histogram(bounds);
    EXPECT_EQ(histogram.count(), 0u);
    EXPECT_EQ(histogram.sum(), 0.0);
}

TEST(Histogram, TakesTimesInSecondsAndNoTimeForOneThatRanBackwards) {
    Histogram histogram(bounds);
    histogram.observe(1500ms);
    histogram.observe(-3s);
    EXPECT_EQ(histogram.count_in(0), 1u);
    EXPECT_EQ(histogram.count_in(1), 1u);
    EXPECT_DOUBLE_EQ(histogram.sum(), 1.5);
}

TEST(Histogram, IsTheSumOfThoseThatAreMergedIntoIt) {
    Histogram one(bounds), other(bounds);
    one.observe(1.0);
    other.observe(1.5);
    other.observe(9.0);
    one.merge(other);
    EXPECT_EQ(one.count(), 3u);
    EXPECT_EQ(one.count_in(1), 1u);
    EXPECT_EQ(one.count_in(3), 1u);
    EXPECT_DOUBLE_EQ(one.sum(), 11.5);
    EXPECT_EQ(other.count(), 2u);
}

TEST(Bounds, AscendAndFitIntoAHistogram) {
    for (const Bounds each :
         {Bounds(own_seconds), Bounds(short_seconds), Bounds(wait_seconds), Bounds(turn_seconds),
          Bounds(gen_ai_operation_seconds), Bounds(gen_ai_first_token_seconds),
          Bounds(gen_ai_output_token_seconds), Bounds(commit_bytes), Bounds(commit_turns),
          Bounds(gen_ai_tokens)}) {
        ASSERT_LE(each.size(), Histogram::bounds_max);
        for (std::size_t i = 1; i < each.size(); ++i) EXPECT_LT(each[i - 1], each[i]);
    }
}

}  // namespace
}  // namespace emostage::metrics
