#include "bench/load/arrivals.hpp"

#include <algorithm>

namespace emostage::load {
namespace {

std::vector<double> gaps(Rhythm rhythm, double per_second, std::uint64_t seed, int count) {
    Arrivals arrivals(rhythm, per_second, seed);
    std::vector<double> found;
    for (int i = 0; i < count; ++i) {
        found.push_back(std::chrono::duration<double>(arrivals.next_gap()).count());
    }
    return found;
}

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double share_below(const std::vector<double>& values, double bound) {
    const auto below = std::ranges::count_if(values, [=](double v) { return v < bound; });
    return static_cast<double>(below) / static_cast<double>(values.size());
}

TEST(Arrivals, BothRhythmsKeepTheRateThatWasAsked) {
    EXPECT_NEAR(mean(gaps(Rhythm::poisson, 200, 1, 100'000)), 0.005, 0.0001);
    EXPECT_NEAR(mean(gaps(Rhythm::people, 200, 1, 100'000)), 0.005, 0.0002);
}

TEST(Arrivals, PoissonGapsAreExponential) {
    const auto found = gaps(Rhythm::poisson, 1, 2, 50'000);
    EXPECT_NEAR(share_below(found, 0.6931), 0.5, 0.01);  // the median is ln 2
    EXPECT_NEAR(share_below(found, 2.3026), 0.9, 0.01);
}

TEST(Arrivals, PeoplesPausesHaveTheShapeThatWasCounted) {
    // In pauses of 30 s at the median.
    auto found = gaps(Rhythm::people, 1, 3, 50'000);
    std::ranges::sort(found);
    const auto at = [&](double percent) {
        return found[static_cast<std::size_t>(static_cast<double>(found.size()) * percent / 100)];
    };
    const double scale = 30 / at(50);
    for (const auto& [percent, seconds] : std::vector<std::pair<double, double>>{
             {25, 16}, {75, 53}, {90, 85}, {95, 110}, {99, 180}}) {
        EXPECT_NEAR(at(percent) * scale, seconds, seconds / 6) << percent;
    }
}

TEST(Arrivals, OneSeedIsOneSequence) {
    EXPECT_EQ(gaps(Rhythm::people, 10, 5, 100), gaps(Rhythm::people, 10, 5, 100));
    EXPECT_NE(gaps(Rhythm::people, 10, 5, 100), gaps(Rhythm::people, 10, 6, 100));
}

TEST(Arrivals, NoGapIsBelowZero) {
    for (const double gap : gaps(Rhythm::poisson, Arrivals::per_second_max, 1, 10'000)) {
        EXPECT_GE(gap, 0);
    }
}

}  // namespace
}  // namespace emostage::load
