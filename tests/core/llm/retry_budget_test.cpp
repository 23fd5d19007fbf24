#include "core/llm/retry_budget.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class RetryBudgetTest : public testing::Test {
protected:
    int drain() {
        int taken = 0;
        while (budget.take(now)) ++taken;
        return taken;
    }

    TimePoint now{seconds(100)};
    RetryBudget budget{{}, now};
};

TEST_F(RetryBudgetTest, TheFloorIsThereFromTheStartAndNoMore) {
    EXPECT_EQ(drain(), 10);
    EXPECT_FALSE(budget.take(now));
}

TEST_F(RetryBudgetTest, CallsEarnTheirShareOfRetries) {
    drain();
    for (int i = 0; i < 100; ++i) budget.on_call(now);
    EXPECT_NEAR(drain(), 20, 1);
}

TEST_F(RetryBudgetTest, WhatIsSavedIsBounded) {
    for (int i = 0; i < 100'000; ++i) budget.on_call(now);
    EXPECT_EQ(drain(), 100);
}

TEST_F(RetryBudgetTest, TimeAloneGivesTheFloorBackSlowly) {
    drain();
    now += seconds(3);
    EXPECT_EQ(drain(), 3);
    now += hours(1);
    EXPECT_EQ(drain(), 10);
}

TEST_F(RetryBudgetTest, AClockThatStandsStillOrGoesBackGivesNothing) {
    drain();
    EXPECT_FALSE(budget.take(now - seconds(50)));
    EXPECT_FALSE(budget.take(now));
}

}  // namespace
}  // namespace emostage::llm
