#include "broker/replay_queue.hpp"

namespace emostage::broker {
namespace {

using namespace std::chrono_literals;

// A thousand bytes a second and five hundred at once; so a byte is a millisecond.
class ReplayQueueTest : public testing::Test {
protected:
    ReplayQueueTest() {
        config_.replay_bytes_per_second = 1'000;
        config_.replay_burst_bytes = 500;
        config_.replays_waiting_max = 3;
        config_.gateways_max = 2;
    }
    static TimePoint at(Duration after) { return TimePoint(1h) + after; }
    bool has_room(const std::string& gateway, const std::string& turn, Duration when) {
        return queue_.has_room_for(gateway, turn, at(when));
    }
    bool ask(const std::string& gateway, const std::string& turn, Duration when,
             std::size_t bytes = 0) {
        const bool now = queue_.ask({gateway, turn, 0, 9}, at(when));
        if (now) queue_.charge(gateway, bytes, at(when));
        return now;
    }
    std::string take(Duration when, std::size_t bytes = 0) {
        const auto replay = queue_.take(at(when));
        if (!replay) return "none";
        queue_.charge(replay->gateway, bytes, at(when));
        return replay->gateway + " " + replay->turn;
    }

    Config config_;
    ReplayQueue queue_{config_};
};

TEST_F(ReplayQueueTest, WhatIsWithinTheBurstGoesOutAtOnce) {
    EXPECT_TRUE(ask("g", "t1", 0s, 300));
    EXPECT_TRUE(ask("g", "t2", 0s, 200));
    EXPECT_TRUE(ask("g", "t3", 0s, 1)) << "exactly the burst is not more than it";
    EXPECT_FALSE(ask("g", "t4", 0s));
    EXPECT_EQ(queue_.next(), at(1ms));
    EXPECT_EQ(take(1ms - 1ns), "none");
    EXPECT_EQ(take(1ms), "g t4");
    EXPECT_EQ(queue_.next(), std::nullopt);
}

TEST_F(ReplayQueueTest, OneLargerThanTheBurstGoesOutWholeAndIsPaidForAfterwards) {
    EXPECT_TRUE(ask("g", "t1", 0s, 3'000));
    EXPECT_FALSE(ask("g", "t2", 1s));
    EXPECT_EQ(queue_.next(), at(2500ms));
    EXPECT_EQ(queue_.wait_of("g", at(1s)), 1500ms);
    EXPECT_EQ(queue_.wait_of("g", at(9s)), 0ms);
}

TEST_F(ReplayQueueTest, TimeAloneSavesUpNoMoreThanTheBurst) {
    EXPECT_TRUE(ask("g", "t1", 0s, 100));
    EXPECT_TRUE(ask("g", "t2", 100s, 500));
    EXPECT_TRUE(ask("g", "t3", 100s, 1));
    EXPECT_FALSE(ask("g", "t4", 100s));
}

TEST_F(ReplayQueueTest, OverTimeNoGatewayGetsMoreThanItsRate) {
    std::size_t sent = 0;
    for (int ms = 0; ms <= 60'000; ++ms) {
        const Duration now = milliseconds(ms);
        const auto turn = std::to_string(ms);
        if (has_room("g", turn, now) && ask("g", turn, now, 70)) sent += 70;
        while (take(now, 70) != "none") sent += 70;
    }
    EXPECT_LE(sent, 60u * 1'000 + 500 + 70);
    EXPECT_GE(sent, 60u * 1'000);
}

TEST_F(ReplayQueueTest, TheyGoOutInTheOrderInWhichTheyWereAskedForAndNoneOvertakes) {
    ask("g", "t0", 0s, 501);
    for (const auto* turn : {"t1", "t2"}) EXPECT_FALSE(ask("g", turn, 0s));
    EXPECT_FALSE(ask("g", "t3", 10s)) << "there is budget, but others were first";
    EXPECT_EQ(take(10s), "g t1");
    EXPECT_EQ(take(10s), "g t2");
    EXPECT_EQ(take(10s), "g t3");
    EXPECT_EQ(take(10s), "none");
}

TEST_F(ReplayQueueTest, ANewerOneOfTheSameTurnReplacesTheOlderInItsPlace) {
    ask("g", "t0", 0s, 501);
    ask("g", "t1", 0s);
    ask("g", "t2", 0s);
    EXPECT_FALSE(queue_.ask({"g", "t1", 5, 12}, at(0s)));
    EXPECT_EQ(queue_.waiting(), 2u);
    const auto replay = queue_.take(at(1s));
    ASSERT_TRUE(replay);
    EXPECT_EQ(replay->turn, "t1");
    EXPECT_EQ(replay->after, 5u);
    EXPECT_EQ(replay->upto, 12u);
}

TEST_F(ReplayQueueTest, ThoseThatWaitAreBoundedByGateway) {
    ask("g", "t0", 0s, 501);
    ask("h", "t0", 0s, 501);
    for (const auto* turn : {"t1", "t2", "t3"}) {
        EXPECT_TRUE(has_room("g", turn, 0s));
        ask("g", turn, 0s);
    }
    EXPECT_FALSE(has_room("g", "t4", 0s));
    EXPECT_TRUE(has_room("g", "t3", 0s)) << "it replaces the older one";
    EXPECT_TRUE(has_room("h", "t4", 0s));
    take(1s);
    EXPECT_TRUE(has_room("g", "t4", 1s));
}

TEST_F(ReplayQueueTest, GatewaysAreServedByHowLittleTheyGot) {
    ask("a", "t0", 0s, 800);
    ask("b", "t0", 0s, 700);
    for (const auto* turn : {"t1", "t2"}) {
        ask("a", turn, 0s);
        ask("b", turn, 0s);
    }
    EXPECT_EQ(take(5s, 100), "b t1");
    EXPECT_EQ(take(5s, 100), "a t1");
    EXPECT_EQ(take(5s, 100), "a t2") << "both have paid: by name, so that a run repeats";
    EXPECT_EQ(take(5s, 100), "b t2");
}

TEST_F(ReplayQueueTest, GatewaysAreBoundedAndThoseThatOweNothingAreForgotten) {
    ask("a", "t0", 0s, 200);
    ask("b", "t0", 0s, 501);
    ask("b", "t1", 0s);
    EXPECT_FALSE(has_room("c", "t0", 199ms));
    EXPECT_EQ(queue_.wait_of("c", at(150ms)), 50ms);
    EXPECT_TRUE(has_room("c", "t0", 200ms));
    EXPECT_TRUE(ask("c", "t0", 200ms, 10'000));
    EXPECT_EQ(queue_.gateways(), 2u);
    EXPECT_FALSE(has_room("d", "t0", 9s)) << "b owes nothing, but has something waiting";
    EXPECT_EQ(take(9s), "b t1");
    EXPECT_TRUE(has_room("d", "t0", 9s));
}

TEST_F(ReplayQueueTest, TheLargestNumbersDoNotOverflow) {
    config_.replay_bytes_per_second = 4ull * 1024 * 1024 * 1024;
    EXPECT_TRUE(ask("g", "t1", 0s, 1ull << 40));
    EXPECT_EQ(queue_.wait_of("g", at(0s)), 256s);
}

}  // namespace
}  // namespace emostage::broker
