#include "core/llm/hedge.hpp"

#include <gtest/gtest.h>

#include <random>

namespace emostage::llm {
namespace {

using std::chrono::seconds;

void see(Hedge& hedge, int first_ms, int last_ms) {
    for (int ms = first_ms; ms <= last_ms; ++ms) hedge.on_first_content(milliseconds(ms));
}

TEST(Hedge, IsOffWhereNobodyAsksForIt) {
    Hedge hedge{HedgeSettings{}};
    see(hedge, 1, 1000);
    EXPECT_FALSE(hedge.delay());
}

TEST(Hedge, WaitsUntilEnoughIsKnown) {
    Hedge hedge({50, 5, milliseconds(1)});
    see(hedge, 1, static_cast<int>(Hedge::samples_min) - 1);
    EXPECT_FALSE(hedge.delay());
    hedge.on_first_content(milliseconds(1));
    EXPECT_TRUE(hedge.delay());
}

TEST(Hedge, ComesAfterThePercentileWhateverTheOrder) {
    Hedge up({95, 5, milliseconds(1)}), down({95, 5, milliseconds(1)});
    see(up, 1, 100);
    for (int ms = 100; ms >= 1; --ms) down.on_first_content(milliseconds(ms));
    EXPECT_EQ(up.delay(), milliseconds(96)) << "95 of 100 were sooner";
    EXPECT_EQ(down.delay(), up.delay());
}

TEST(Hedge, NeverComesSoonerThanItMay) {
    Hedge hedge({95, 5, milliseconds(200)});
    see(hedge, 1, 100);
    EXPECT_EQ(hedge.delay(), milliseconds(200));
}

TEST(Hedge, ForgetsWhatIsOlderThanItsWindow) {
    Hedge hedge({99, 5, milliseconds(1)});
    for (int i = 0; i < 1000; ++i) hedge.on_first_content(seconds(9));
    for (std::size_t i = 0; i < Hedge::window; ++i) hedge.on_first_content(milliseconds(7));
    EXPECT_EQ(hedge.delay(), milliseconds(7));
    see(hedge, 1000, 1003);
    EXPECT_EQ(hedge.delay(), milliseconds(1001)) << "four of 256 are the slowest 1.5 percent";
}

TEST(Hedge, NeverTakesMoreThanItsShareOfTheCalls) {
    for (const std::uint32_t percent : {1u, 5u, 33u, 100u}) {
        Hedge hedge({95, percent, milliseconds(1)});
        EXPECT_FALSE(hedge.take()) << "no call, no hedge";
        std::mt19937 dice(percent);
        for (int i = 0; i < 20'000; ++i) {
            if (dice() % 3 != 0) {
                hedge.on_call();
            } else {
                hedge.take();
            }
            const auto& status = hedge.status();
            ASSERT_LE(status.hedged * 100, status.calls * percent);
        }
        EXPECT_GT(hedge.status().hedged, 0u);
    }
}

TEST(Hedge, SavesUpNoMoreThanAFew) {
    Hedge hedge({95, 5, milliseconds(1)});
    for (int i = 0; i < 100'000; ++i) hedge.on_call();
    std::uint64_t taken = 0;
    while (hedge.take()) ++taken;
    EXPECT_EQ(taken, Hedge::saved_max);
    EXPECT_EQ(hedge.status().hedged, taken);
}

}  // namespace
}  // namespace emostage::llm
