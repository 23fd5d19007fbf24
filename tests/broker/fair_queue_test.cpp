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

    Config config_;
    FairQueue queue_{config_};

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

TEST_F(FairQueueTest, AGatewayThatComesBackGoesToTheEndAndANewOneBeforeThoseJustServed) {
    push("a0", place("a", 0));
    push("b0", place("b", 1));
    push("b1", place("b", 2));
    EXPECT_EQ(pop(), "a0");
    push("a1", place("a", 3));
    EXPECT_EQ(pop(), "b0");
    push("c0", place("c", 4));
    EXPECT_EQ(pop(), "c0");
    EXPECT_EQ(pop(), "a1");
    push("a2", place("a", 5));
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "a2");
}

TEST_F(FairQueueTest, HoweverManyNewGatewaysComeNobodyWaitsForAllOfThem) {
    for (int i = 0; i < 9; ++i) push("old", place("old", i));
    int old = 0;
    for (int i = 0; i < 200; ++i) {  // each time one new comes and one is served
        push("new", place("g" + std::to_string(i), 100 + i));
        if (pop() == "old") ++old;
    }
    EXPECT_EQ(old, 9);
}

TEST_F(FairQueueTest, WhoCameBackTooSoonIsRememberedWithinABound) {
    config_.gateways_max = 2;
    for (const auto* gateway : {"a", "b", "c", "d"}) push(gateway, place(gateway, 0));
    for (const auto* gateway : {"a", "b", "c", "d"}) EXPECT_EQ(pop(), gateway);
    for (const auto* gateway : {"c", "d", "e", "a"}) push(gateway, place(gateway, 1));
    EXPECT_EQ(pop(), "e");
    EXPECT_EQ(pop(), "a") << "forgotten: two others were served since";
    EXPECT_EQ(pop(), "c");
    EXPECT_EQ(pop(), "d");
    EXPECT_TRUE(queue_.empty());
}

TEST_F(FairQueueTest, AGatewayGetsAsManyTurnsOfTheRotationAsItWeighs) {
    config_.gateway_weights["a"] = 3;
    for (int i = 0; i < 7; ++i) push("a" + std::to_string(i), place("a", i));
    for (int i = 0; i < 7; ++i) push("b" + std::to_string(i), place("b", i));
    std::string order;
    for (int i = 0; i < 8; ++i) order += pop();
    EXPECT_EQ(order, "a0a1b0a2a3a4b1a5");
}

TEST_F(FairQueueTest, TheWeightsHoldOverManyTurnsWhateverTheyAre) {
    config_.gateway_weights = {{"a", 7}, {"b", 100}, {"c", 3}};
    for (const auto* gateway : {"a", "b", "c", "d"}) {
        for (int i = 0; i < 1'200; ++i) push(gateway, place(gateway, i));
    }
    std::map<std::string, int> served;
    for (int i = 0; i < 1'110; ++i) ++served[pop()];
    EXPECT_NEAR(served["b"], 1'000, 1);
    EXPECT_NEAR(served["a"], 70, 1);
    EXPECT_NEAR(served["c"], 30, 1);
    EXPECT_NEAR(served["d"], 10, 1);
}

TEST_F(FairQueueTest, NobodySavesUpTurnsWhileHeHasNoneWaiting) {
    for (int i = 0; i < 50; ++i) push("a" + std::to_string(i), place("a", i));
    for (int i = 0; i < 40; ++i) pop();
    for (int i = 0; i < 3; ++i) push("b" + std::to_string(i), place("b", 100 + i));
    EXPECT_EQ(pop(), "b0");
    EXPECT_EQ(pop(), "a40");
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "a41");
}

TEST_F(FairQueueTest, NobodySavesUpTurnsWhileHisPipelineHasNoCredit) {
    for (int i = 0; i < 3; ++i) push("b" + std::to_string(i), place("b", i, "slow"));
    for (int i = 0; i < 50; ++i) push("a" + std::to_string(i), place("a", i, "fast"));
    for (int i = 0; i < 40; ++i) pop("fast");
    EXPECT_EQ(pop(), "b0");
    EXPECT_EQ(pop(), "a40");
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "a41");
}

TEST_F(FairQueueTest, LeavingAndComingBackGainsNothing) {
    for (int i = 0; i < 10; ++i) push("a" + std::to_string(i), place("a", i));
    push("b", place("b", 10));
    std::string order;
    for (int i = 0; i < 6; ++i) {
        const auto next = pop();
        order += next[0];
        if (next == "b") push("b", place("b", 20 + i));  // always one, and back at once
    }
    EXPECT_EQ(order, "ababab");
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
