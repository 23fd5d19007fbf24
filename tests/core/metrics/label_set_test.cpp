#include "core/metrics/label_set.hpp"

#include <gtest/gtest.h>

namespace emostage::metrics {
namespace {

TEST(LabelSet, GivesEachValueAPlaceThatItKeeps) {
    LabelSet set(2);
    const auto a = set.add("a"), b = set.add("b");
    EXPECT_NE(a, LabelSet::other);
    EXPECT_NE(a, b);
    EXPECT_EQ(set.add("a"), a);
    EXPECT_EQ(set.find("b"), b);
    EXPECT_EQ(set.value(a), "a");
    EXPECT_EQ(set.size(), 3u);
}

TEST(LabelSet, CallsTheRestOther) {
    LabelSet set(1);
    set.add("a");
    EXPECT_EQ(set.add("b"), LabelSet::other);
    EXPECT_EQ(set.find("b"), LabelSet::other);
    EXPECT_EQ(set.size(), 2u);
    EXPECT_EQ(set.value(LabelSet::other), "other");
}

TEST(LabelSet, HasOnePlaceForAValueThatIsCalledOther) {
    LabelSet set(2);
    EXPECT_EQ(set.add("other"), LabelSet::other);
    EXPECT_EQ(set.size(), 1u);
}

}  // namespace
}  // namespace emostage::metrics
