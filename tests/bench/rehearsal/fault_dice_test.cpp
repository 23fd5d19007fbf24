#include "bench/rehearsal/fault_dice.hpp"

#include <map>

namespace emostage::rehearsal {
namespace {

TEST(FaultDice, WithoutRatesNothingFails) {
    const FaultDice dice({}, 1);
    for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(dice.roll(i), Fault::none);
}

TEST(FaultDice, AHundredPercentIsAlways) {
    FaultRates rates;
    rates[Fault::stall] = 100;
    const FaultDice dice(rates, 1);
    for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(dice.roll(i), Fault::stall);
}

TEST(FaultDice, TheSharesAreThoseAskedFor) {
    FaultRates rates;
    rates[Fault::cut] = 5;
    rates[Fault::status_500] = 20;
    const FaultDice dice(rates, 42);
    std::map<Fault, int> seen;
    for (std::uint64_t i = 0; i < 20'000; ++i) ++seen[dice.roll(i)];
    EXPECT_NEAR(seen[Fault::cut], 1000, 150);
    EXPECT_NEAR(seen[Fault::status_500], 4000, 250);
    EXPECT_EQ(seen.size(), 3u);
}

TEST(FaultDice, TheSeedDecides) {
    FaultRates rates;
    rates[Fault::split] = 50;
    const auto rolls = [&rates](std::uint64_t seed) {
        std::vector<Fault> all;
        for (std::uint64_t i = 0; i < 64; ++i) all.push_back(FaultDice(rates, seed).roll(i));
        return all;
    };
    EXPECT_EQ(rolls(1), rolls(1));
    EXPECT_NE(rolls(1), rolls(2));
}

}  // namespace
}  // namespace emostage::rehearsal
