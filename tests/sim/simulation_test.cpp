// The whole system in simulated time, from many seeds.
//
// A seed that fails is the first thing that is printed; EMOSTAGE_SIM_SEED=<it> prints what
// happened.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/sim/seeds.hpp"

namespace emostage::sim {
namespace {

constexpr std::uint64_t shards = 8, seeds_per_shard = 60, calm_seeds = 8;

std::string failures(const SeedsResult& result) {
    std::string all;
    for (const auto& [seed, violation] : result.failed)
        all += "seed " + std::to_string(seed) + ": " + violation + "\n";
    return all +
           "Replay one with EMOSTAGE_SIM_SEED=<seed> build/bin/test_sim "
           "--gtest_filter='*ASeedReplays*'\n";
}

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, ThePromisesHoldWhateverDies) {
    SeedsPlan plan;
    plan.first = GetParam() * seeds_per_shard;
    plan.count = seeds_per_shard;
    const auto result = run_seeds(plan, Faults());
    EXPECT_TRUE(result.failed.empty()) << failures(result);
    // It was a trial: every way was taken.
    for (const auto* what :
         {"completed", "failed", "cancelled", "rejected", "reset", "continued", "alert", "replayed",
          "leased again", "resumes", "gaps", "reconnects", "cancels timed", "broker killed",
          "recovered", "voided", "commits failed"}) {
        EXPECT_GT(result.totals.contains(what) ? result.totals.at(what) : 0, 0u) << what;
    }
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds, testing::Range<std::uint64_t>(0, shards));

TEST(Simulation, NothingIsTriedTwiceInPeace) {
    SeedsPlan plan;
    plan.count = calm_seeds;
    const auto result = run_seeds(plan, Faults::none());
    EXPECT_TRUE(result.failed.empty()) << failures(result);
    for (const auto* what : {"leased again", "reset", "failed", "reconnects"})
        EXPECT_FALSE(result.totals.contains(what) && result.totals.at(what)) << what;
    EXPECT_GT(result.totals.at("completed"), calm_seeds);
}

TEST(Simulation, ASeedReplaysExactly) {
    const char* wanted = std::getenv("EMOSTAGE_SIM_SEED");
    const std::uint64_t seed = wanted ? std::strtoull(wanted, nullptr, 10) : 7;
    const auto once = replay(seed, Faults());
    if (wanted) {
        for (const auto& line : once) std::cout << line << "\n";
    }
    EXPECT_EQ(once, replay(seed, Faults()));
    EXPECT_NE(once, replay(seed + 1, Faults()));
}

}  // namespace
}  // namespace emostage::sim
