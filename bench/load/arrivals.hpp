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
    people,   // as the messages of one conversation: log-normal gaps, rarely short, at times very
              // long
};

class Arrivals {
public:
    // The spread of the logarithm of people's pauses. 233,582 pauses of clients before they answer,
    // in KokoroChat (arXiv 2506.01357): half are below 30 s, a quarter below 16, a quarter above
    // 53, one in ten above 85, one in a hundred above 180. A log-normal of this spread is within a
    // sixth of these.
    static constexpr double people_sigma = 0.83;
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
