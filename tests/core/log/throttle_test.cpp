#include "core/log/throttle.hpp"

#include <gtest/gtest.h>

namespace emostage::log {
namespace {

TEST(Throttle, PassesSoManyOfAWindowAndCountsTheRest) {
    Throttle throttle(2, milliseconds(1000));
    const TimePoint start{};
    EXPECT_TRUE(throttle.pass(start));
    EXPECT_TRUE(throttle.pass(start + milliseconds(1)));
    EXPECT_FALSE(throttle.pass(start + milliseconds(2)));
    EXPECT_FALSE(throttle.pass(start + milliseconds(999)));
    EXPECT_EQ(throttle.take_withheld(), 2u);
    EXPECT_EQ(throttle.take_withheld(), 0u);
}

TEST(Throttle, PassesAgainInTheNextWindow) {
    Throttle throttle(1, milliseconds(1000));
    const TimePoint start{};
    EXPECT_TRUE(throttle.pass(start));
    EXPECT_FALSE(throttle.pass(start + milliseconds(999)));
    EXPECT_TRUE(throttle.pass(start + milliseconds(1000)));
    EXPECT_EQ(throttle.take_withheld(), 1u);
}

TEST(Throttle, PassesTheFirstAtWhateverTime) {
    Throttle throttle(1, milliseconds(1000));
    EXPECT_TRUE(throttle.pass(TimePoint{} + milliseconds(1)));
}

}  // namespace
}  // namespace emostage::log
