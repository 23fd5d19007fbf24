#include "worker/pipeline/stage_order.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using Indices = std::vector<std::size_t>;

TEST(StageOrder, PutsEachStageAfterWhatItWaitsFor) {
    EXPECT_EQ(order_stages({{1, 2}, {2}, {}}).order, (Indices{2, 1, 0}));
    EXPECT_EQ(order_stages({}).order, Indices{});
}

TEST(StageOrder, KeepsTheOrderOfStagesThatAreFreeOfEachOther) {
    EXPECT_EQ(order_stages({{}, {}, {0, 1}, {}}).order, (Indices{0, 1, 2, 3}));
}

TEST(StageOrder, FindsTheCycleAndNothingAroundIt) {
    const auto found = order_stages({{1}, {2}, {3}, {1}, {}});
    EXPECT_EQ(found.cycle, (Indices{1, 2, 3}));
    EXPECT_EQ(order_stages({{0}}).cycle, Indices{0});
}

}  // namespace
}  // namespace emostage::worker
