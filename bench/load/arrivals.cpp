#include "bench/load/arrivals.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

namespace emostage::load {

namespace {

// The same numbers with every standard library: its distributions are not specified.
double unit(std::mt19937_64& random) {  // in (0, 1]
    return static_cast<double>((random() >> 11) + 1) * 0x1p-53;
}

double normal(std::mt19937_64& random) {  // Box and Muller
    const double radius = std::sqrt(-2 * std::log(unit(random)));
    return radius * std::cos(2 * std::numbers::pi * unit(random));
}

}  // namespace

Arrivals::Arrivals(Rhythm rhythm, double per_second, std::uint64_t seed)
    : rhythm_(rhythm), mean_s_(1 / per_second), random_(seed) {
    assert(per_second >= per_second_min && per_second <= per_second_max);
}

Duration Arrivals::next_gap() {
    double seconds = 0;
    if (rhythm_ == Rhythm::poisson) {
        seconds = -mean_s_ * std::log(unit(random_));
    } else {
        // The mean of exp(m + s·N) is exp(m + s²/2).
        seconds =
            mean_s_ * std::exp(people_sigma * normal(random_) - people_sigma * people_sigma / 2);
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace emostage::load
