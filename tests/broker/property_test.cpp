// The broker's promises under random input: whatever is lost, dies, hangs or lies, from many seeds.

#include "tests/broker/support/world.hpp"

namespace emostage::broker::test {
namespace {

constexpr std::uint64_t seeds_per_shard = 30;

std::string joined(const std::vector<std::string>& violations) {
    std::string all;
    for (std::size_t i = 0; i < violations.size() && i < 10; ++i) all += violations[i] + "\n";
    return all;
}

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, ThePromisesHoldInChaos) {
    Counters sum;
    for (auto seed = GetParam() * seeds_per_shard; seed < (GetParam() + 1) * seeds_per_shard;
         ++seed) {
        World world(seed, Chaos{});
        world.run();
        ASSERT_TRUE(world.violations().empty()) << "seed " << seed << "\n"
                                                << joined(world.violations());
        const auto counters = world.counters();
        sum.completed += counters.completed;
        sum.failed += counters.failed;
        sum.cancelled += counters.cancelled;
        sum.rejected += counters.rejected;
        sum.resets += counters.resets;
        sum.leases_lost += counters.leases_lost;
        sum.replays += counters.replays;
        sum.joined += counters.joined;
        sum.link_gaps += counters.link_gaps;
    }
    // The chaos was one: every way was taken.
    for (const auto count : {sum.completed, sum.failed, sum.cancelled, sum.rejected, sum.resets,
                             sum.leases_lost, sum.replays, sum.joined, sum.link_gaps}) {
        EXPECT_GT(count, seeds_per_shard / 4);
    }
}

TEST_P(Seeds, NothingIsLostOrTriedTwiceInPeace) {
    for (auto seed = GetParam() * 5; seed < GetParam() * 5 + 5; ++seed) {
        World world(seed, Chaos::none());
        world.run();
        ASSERT_TRUE(world.violations().empty()) << "seed " << seed << "\n"
                                                << joined(world.violations());
        EXPECT_EQ(world.counters().leases_lost, 0u) << "seed " << seed;
        EXPECT_EQ(world.counters().retries, 0u) << "seed " << seed;
        EXPECT_EQ(world.counters().link_gaps, 0u) << "seed " << seed;
        EXPECT_GT(world.counters().completed, 10u) << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Property, Seeds, testing::Range<std::uint64_t>(0, 8));

TEST(Property, ASeedRepeatsExactly) {
    const auto counts = [](std::uint64_t seed) {
        World world(seed, Chaos{});
        world.run();
        const auto c = world.counters();
        return std::vector{c.events,  c.deltas,   c.retries, c.leases_lost,
                           c.replays, c.rejected, c.joined};
    };
    EXPECT_EQ(counts(7), counts(7));
    EXPECT_NE(counts(7), counts(8));
}

}  // namespace
}  // namespace emostage::broker::test
