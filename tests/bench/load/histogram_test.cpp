#include "bench/load/histogram.hpp"

#include <algorithm>
#include <random>

namespace emostage::load {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(Histogram, ShortDurationsAreKeptExactly) {
    Histogram histogram;
    for (int i = 1; i <= 100; ++i) histogram.add(nanoseconds(i));
    EXPECT_EQ(histogram.count(), 100u);
    EXPECT_EQ(histogram.percentile(0), nanoseconds(1));
    EXPECT_EQ(histogram.percentile(50), nanoseconds(51));
    EXPECT_EQ(histogram.percentile(99), nanoseconds(100));
    EXPECT_EQ(histogram.percentile(100), nanoseconds(100));
}

TEST(Histogram, TwentyMicrosecondsAddedToALongWaitStillShow) {
    Histogram histogram;
    for (int i = 0; i < 100; ++i) histogram.add(milliseconds(690));
    for (int i = 0; i < 100; ++i) histogram.add(milliseconds(690) + microseconds(600));
    const auto low = histogram.percentile(25), high = histogram.percentile(75);
    EXPECT_NEAR(static_cast<double>((low - milliseconds(690)).count()), 0, 20'000);
    EXPECT_NEAR(static_cast<double>((high - low).count()), 600'000, 40'000);
}

TEST(Histogram, PercentilesAreThoseOfTheSortedValues) {
    std::mt19937_64 random(7);
    std::vector<std::int64_t> values;
    Histogram histogram;
    for (int i = 0; i < 20'000; ++i) {
        // All sizes: 1 ns to seconds.
        values.push_back(static_cast<std::int64_t>(random() >> (30 + random() % 33)));
        histogram.add(nanoseconds(values.back()));
    }
    std::ranges::sort(values);
    for (const double percent : {1.0, 25.0, 50.0, 95.0, 99.0, 99.9}) {
        const auto exact = static_cast<double>(
            values[static_cast<std::size_t>(static_cast<double>(values.size()) * percent / 100)]);
        EXPECT_NEAR(static_cast<double>(histogram.percentile(percent).count()), exact,
                    exact / 16'384 + 1)
            << percent;
    }
}

TEST(Histogram, WhatIsTooLongOrBelowZeroIsCountedAtTheEnds) {
    Histogram histogram;
    histogram.add(nanoseconds(-5));
    histogram.add(std::chrono::hours(100));
    EXPECT_EQ(histogram.percentile(0), nanoseconds(0));
    EXPECT_EQ(histogram.most(), Histogram::longest);
    EXPECT_EQ(histogram.percentile(100), Histogram::longest);
}

TEST(Histogram, OfNothingIsZero) {
    Histogram histogram;
    histogram.add(milliseconds(1), 0);
    EXPECT_EQ(histogram.count(), 0u);
    EXPECT_EQ(histogram.percentile(99), nanoseconds(0));
}

TEST(Histogram, TwoPutTogetherAreAsOne) {
    Histogram one, two, both;
    for (int i = 0; i < 1'000; ++i) {
        (i % 3 == 0 ? one : two).add(microseconds(i));
        both.add(microseconds(i));
    }
    one.add(two);
    one.add(Histogram());
    EXPECT_EQ(one.count(), both.count());
    for (const double percent : {10.0, 50.0, 99.0, 100.0}) {
        EXPECT_EQ(one.percentile(percent), both.percentile(percent));
    }
}

}  // namespace
}  // namespace emostage::load
