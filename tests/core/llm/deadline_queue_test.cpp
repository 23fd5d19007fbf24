#include "core/llm/deadline_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace emostage::llm {
namespace {

using std::chrono::seconds;

TimePoint at(int s) { return TimePoint(seconds(s)); }

TEST(DeadlineQueue, OwnersComeInTheOrderOfTheirDeadlines) {
    DeadlineQueue queue;
    queue.set(1, at(30));
    queue.set(2, at(10));
    queue.set(3, at(20));
    EXPECT_EQ(queue.next(), at(10));
    EXPECT_EQ(queue.take_due(at(9)), 0u);
    EXPECT_EQ(queue.take_due(at(25)), 2u);
    EXPECT_EQ(queue.take_due(at(25)), 3u);
    EXPECT_EQ(queue.take_due(at(25)), 0u);
    EXPECT_EQ(queue.take_due(at(30)), 1u);
    EXPECT_EQ(queue.next(), TimePoint::max());
}

TEST(DeadlineQueue, ADeadlineThatMovedLaterIsNotDueAtItsOldTime) {
    DeadlineQueue queue;
    queue.set(1, at(10));
    queue.set(1, at(20));
    EXPECT_EQ(queue.next(), at(10)) << "lazy: looked at once, then filed anew";
    EXPECT_EQ(queue.take_due(at(10)), 0u);
    EXPECT_EQ(queue.next(), at(20));
    EXPECT_EQ(queue.take_due(at(20)), 1u);
}

TEST(DeadlineQueue, ADeadlineThatMovedEarlierIsDueAtItsNewTime) {
    DeadlineQueue queue;
    queue.set(1, at(20));
    queue.set(1, at(10));
    EXPECT_EQ(queue.take_due(at(10)), 1u);
    EXPECT_EQ(queue.take_due(at(20)), 0u);
}

TEST(DeadlineQueue, RemovedOwnersNeverComeAndUnknownOnesAreNoMatter) {
    DeadlineQueue queue;
    queue.set(1, at(10));
    queue.remove(1);
    queue.remove(7);
    EXPECT_EQ(queue.take_due(at(100)), 0u);
    EXPECT_EQ(queue.size(), 0u);
}

TEST(DeadlineQueue, AgreesWithAPlainMapOverManyRandomMoves) {
    std::mt19937 random(1);
    DeadlineQueue queue;
    std::map<DeadlineQueue::Owner, TimePoint> model;
    for (int now = 0; now < 2000; ++now) {
        const DeadlineQueue::Owner owner = 1 + random() % 50;
        if (random() % 5 == 0) {
            queue.remove(owner);
            model.erase(owner);
        } else {
            const TimePoint deadline = at(now + static_cast<int>(random() % 40));
            queue.set(owner, deadline);
            model[owner] = deadline;
        }
        while (const auto due = queue.take_due(at(now))) {
            ASSERT_TRUE(model.contains(due));
            ASSERT_LE(model[due], at(now));
            model.erase(due);
        }
        for (const auto& [left, deadline] : model) ASSERT_GT(deadline, at(now)) << left;
        ASSERT_EQ(queue.size(), model.size());
    }
}

}  // namespace
}  // namespace emostage::llm
