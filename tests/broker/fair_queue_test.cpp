#include "broker/fair_queue.hpp"

#include <deque>

#include "broker/turn.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

class FairQueueTest : public testing::Test {
protected:
    FairQueue::Place place(const std::string& gateway, int at_ms, const std::string& pipeline = "p",
                           bool retried = false) {
        names_.push_back(gateway);
        const std::string& kept_gateway = names_.back();
        names_.push_back(pipeline);
        return {names_.back(), kept_gateway, TimePoint(1h + milliseconds(at_ms)), ++order_,
                retried};
    }
    FairQueue::Place push(const std::string& id, const FairQueue::Place& place) {
        turns_.emplace_back().open.turn = id;
        queue_.push(place, turns_.back());
        return place;
    }
    std::string pop(const std::string& pipeline = {}) {
        const Turn* turn =
            queue_.pop([&](const std::string& p) { return pipeline.empty() || p == pipeline; });
        return turn ? turn->id() : "none";
    }

    FairQueue queue_;

private:
    std::deque<std::string> names_;
    std::deque<Turn> turns_;
    std::uint64_t order_ = 0;
};

TEST_F(FairQueueTest, AnEmptyQueueHasNone) { EXPECT_EQ(pop(), "none"); }

TEST_F(FairQueueTest, GatewaysTakeTurnsHoweverMuchEachHasWaiting) {
    for (int i = 0; i < 3; ++i) push("a" + std::to_string(i), place("a", i));
    push("b0", place("b", 10));
    push("b1", place("b", 11));
    EXPECT_EQ(pop(), "a0");
    EXPECT_EQ(pop(), "b0");
    EXPECT_EQ(pop(), "a1");
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "a2");
    EXPECT_TRUE(queue_.empty());
}

TEST_F(FairQueueTest, AGatewayThatComesBackGoesToTheEndOfTheRotation) {
    push("a0", place("a", 0));
    push("b0", place("b", 1));
    push("b1", place("b", 2));
    EXPECT_EQ(pop(), "a0");
    push("a1", place("a", 3));
    EXPECT_EQ(pop(), "b0");
    push("c0", place("c", 4));
    EXPECT_EQ(pop(), "a1");
    push("a2", place("a", 5));
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "c0");
    EXPECT_EQ(pop(), "a2");
}

TEST_F(FairQueueTest, WithinAGatewayTheVirtualTimeDecides) {
    push("late", place("a", 20));
    push("early", place("a", 10));
    push("same", place("a", 20));
    EXPECT_EQ(pop(), "early");
    EXPECT_EQ(pop(), "late");
    EXPECT_EQ(pop(), "same");
}

TEST_F(FairQueueTest, ALaneWithoutCreditDoesNotStandInTheWay) {
    push("x", place("a", 0, "slow"));
    push("y", place("a", 1, "fast"));
    EXPECT_EQ(pop("fast"), "y");
    EXPECT_EQ(pop("fast"), "none");
    EXPECT_EQ(pop("slow"), "x");
}

TEST_F(FairQueueTest, TheRotationSpansThePipelines) {
    push("a0", place("a", 0, "p"));
    push("a1", place("a", 1, "q"));
    push("b0", place("b", 2, "q"));
    EXPECT_EQ(pop(), "a0");
    EXPECT_EQ(pop(), "b0");
    EXPECT_EQ(pop(), "a1");
}

TEST_F(FairQueueTest, RetriedTurnsGoFirstInOrderOfAcceptance) {
    const auto older = place("b", 50, "p", true);
    push("new", place("a", 0));
    push("second", place("b", 10, "p", true));
    push("first", older);
    EXPECT_EQ(pop(), "first");
    EXPECT_EQ(pop(), "second");
    EXPECT_EQ(pop(), "new");
}

TEST_F(FairQueueTest, WhatIsErasedIsNotPopped) {
    const auto first = push("a0", place("a", 0));
    const auto retried = push("r", place("a", 0, "p", true));
    push("a1", place("a", 1));
    const auto lone = push("b0", place("b", 2, "q"));
    queue_.erase(first);
    queue_.erase(lone);
    queue_.erase(retried);
    EXPECT_EQ(queue_.size(), 1u);
    EXPECT_EQ(pop(), "a1");
    EXPECT_EQ(pop(), "none");
    EXPECT_TRUE(queue_.empty());
}

}  // namespace
}  // namespace emostage::broker
