// When people write: the time between two turns that arrive, in an open loop.
//
// Pure; one seed, one sequence.
#pragma once

#include <cstdint>
#include <random>

#include "core/clock.hpp"

namespace emostage::load {

enum class Rhythm : std::uint8_t {
    poisson,  // each independent of all others: a great many people
    people,   // in bursts: log-normal gaps, as those between the messages of one conversation
};

class Arrivals {
public:
    // The spread of the logarithm of people's gaps: the median is well below the mean (a third),
    // and one gap in a hundred more than three times it. Figures of that size are reported for the
    // pauses between messages in chats.
    static constexpr double people_sigma = 1.2;
    static constexpr double per_second_min = 0.01, per_second_max = 1'000'000;

    // Requires: per_second_min <= per_second <= per_second_max.
    Arrivals(Rhythm rhythm, double per_second, std::uint64_t seed);

    Duration next_gap();

private:
    Rhythm rhythm_;
    double mean_s_;
    std::mt19937_64 random_;
};

}  // namespace emostage::load
