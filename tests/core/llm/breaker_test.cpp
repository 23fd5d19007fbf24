#include "core/llm/breaker.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

using std::chrono::seconds;

class BreakerTest : public testing::Test {
protected:
    void call(bool good) {
        ASSERT_TRUE(breaker.allows(now));
        const bool probe = breaker.begin(now);
        good ? breaker.succeeded(probe, 1) : breaker.failed(probe, 1, now);
    }
    void open() {
        for (std::size_t i = 0; i < settings.failures_in_a_row_max; ++i) call(false);
        ASSERT_EQ(breaker.state(), BreakerState::open);
    }

    TimePoint now{seconds(100)};
    Breaker::Settings settings;
    Breaker breaker{settings};
};

TEST_F(BreakerTest, FailuresInARowOpenIt) {
    for (std::size_t i = 0; i < settings.failures_in_a_row_max - 1; ++i) call(false);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    call(false);
    EXPECT_EQ(breaker.state(), BreakerState::open);
    EXPECT_FALSE(breaker.allows(now));
}

TEST_F(BreakerTest, ASuccessBreaksTheRow) {
    for (int i = 0; i < 2; ++i) {
        for (std::size_t k = 0; k < settings.failures_in_a_row_max - 1; ++k) call(false);
        call(true);
    }
    EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST_F(BreakerTest, HalfOfTheLastOutcomesOpenItToo) {
    for (std::size_t i = 0; i < settings.window / 2; ++i) {
        call(false);
        call(true);
    }
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    call(false);
    EXPECT_EQ(breaker.state(), BreakerState::open);
}

TEST_F(BreakerTest, TheFirstFailuresOfACrowdProveNothingWhileTheOthersStillRun) {
    constexpr std::size_t crowd = 400;
    std::size_t running = crowd;
    for (; running > crowd - 40; --running) breaker.failed(false, running, now);  // one in ten
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    for (; running > 0; --running) breaker.succeeded(false, running);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST_F(BreakerTest, ACrowdThatFailsOpensItBeforeAllHaveFailed) {
    constexpr std::size_t crowd = 400;
    std::size_t running = crowd;
    for (; breaker.state() == BreakerState::closed && running > 0; --running) {
        breaker.failed(false, running, now);
    }
    EXPECT_GT(running, crowd / 2);
}

TEST_F(BreakerTest, ACrowdOfWhichMostFailOpensIt) {
    std::size_t calls = 0;
    while (breaker.state() == BreakerState::closed && calls < 10'000) {
        ++calls % 4 == 0 ? breaker.succeeded(false, 100) : breaker.failed(false, 100, now);
    }
    EXPECT_LT(calls, 300u);
}

TEST_F(BreakerTest, OldOutcomesAreForgotten) {
    for (int i = 0; i < 1000; ++i) call(i % 3 != 0);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
}

TEST_F(BreakerTest, AfterItsTimeOneProbeIsLetThroughAndClosesIt) {
    open();
    now += settings.open_first - milliseconds(1);
    EXPECT_FALSE(breaker.allows(now));
    now += milliseconds(1);
    ASSERT_TRUE(breaker.allows(now));
    EXPECT_TRUE(breaker.begin(now));
    EXPECT_EQ(breaker.state(), BreakerState::half_open);
    EXPECT_FALSE(breaker.allows(now)) << "one probe at a time";
    breaker.succeeded(true, 1);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    EXPECT_FALSE(breaker.begin(now)) << "no longer a probe";
}

TEST_F(BreakerTest, AFailedProbeDoublesTheTimeUpToItsLimit) {
    open();
    milliseconds expected = settings.open_first;
    for (int i = 0; i < 10; ++i) {
        now += expected - milliseconds(1);
        ASSERT_FALSE(breaker.allows(now)) << i;
        now += milliseconds(1);
        call(false);
        EXPECT_EQ(breaker.state(), BreakerState::open);
        expected = std::min(expected * 2, settings.open_max);
    }
    EXPECT_EQ(expected, settings.open_max);
    now += expected;
    call(true);
    open();
    now += settings.open_first;
    EXPECT_TRUE(breaker.allows(now)) << "a success starts over";
}

TEST_F(BreakerTest, AnAbandonedProbeLeavesRoomForTheNext) {
    open();
    now += settings.open_first;
    const bool probe = breaker.begin(now);
    breaker.abandoned(probe);
    EXPECT_TRUE(breaker.allows(now));
    EXPECT_EQ(breaker.state(), BreakerState::half_open);
}

TEST_F(BreakerTest, CallsFromBeforeItOpenedDoNotDecide) {
    open();
    breaker.succeeded(false, 1);
    breaker.failed(false, 1, now + seconds(10));
    EXPECT_EQ(breaker.state(), BreakerState::open);
    EXPECT_TRUE(breaker.allows(now + settings.open_first));
}

}  // namespace
}  // namespace emostage::llm
