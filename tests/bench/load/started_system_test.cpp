#include "bench/load/started_system.hpp"

#include <gmock/gmock.h>

namespace emostage::load {
namespace {

TEST(StartedSystem, ManyTurnsGetMoreWorkers) {
    EXPECT_EQ(workers_for(64, 1), 1u);
    EXPECT_EQ(workers_for(4'000, 1), 1u);
    EXPECT_EQ(workers_for(10'000, 1), 3u);
    EXPECT_EQ(workers_for(64, 2), 2u);
}

TEST(StartedSystem, ATurnMayHoldTwoConnections) {
    EXPECT_GE(descriptors_for(2'000), 4'000u);
    EXPECT_EQ(rehearsals_for(1), 1u);
    EXPECT_EQ(rehearsals_for(10'000), 2u);
    EXPECT_GE(descriptors_for(10'000), 10'000u);
    EXPECT_LT(descriptors_for(10'000), 20'000u);
    EXPECT_TRUE(allow_descriptors(16));
}

TEST(StartedSystem, MoreDescriptorsThanThereCanBeAreRefusedWithWhatToType) {
    const auto allowed = allow_descriptors(std::size_t{1} << 40);
    ASSERT_FALSE(allowed);
    EXPECT_EQ(allowed.error().code, Errc::config);
    EXPECT_THAT(allowed.error().message, testing::HasSubstr("ulimit -n 1099511627776"));
}

TEST(StartedSystem, ProgramsThatAreNotThereAreNamed) {
    SystemWish wish;
    wish.programs = "/nonexistent";
    const auto system = StartedSystem::start(wish, [] { return false; });
    ASSERT_FALSE(system);
    EXPECT_THAT(system.error().message, testing::HasSubstr("/nonexistent/emostage-rehearsal"));
}

TEST(Pace, TheIdealIsTheLongestAnalysisAndThenTheRepliesFirstToken) {
    const Pace pace{milliseconds(50), milliseconds(10), 64, 60};
    EXPECT_EQ(pace.ideal_first(), milliseconds(690));
    EXPECT_EQ(pace.ideal_turn(), milliseconds(1'320));
    EXPECT_EQ((Pace{milliseconds(0), milliseconds(0), 64, 60}).ideal_turn(), Duration{});
}

}  // namespace
}  // namespace emostage::load
