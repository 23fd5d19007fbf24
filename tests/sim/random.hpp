// The one source of chance of a simulation: the same seed, the same numbers, on every machine.
#pragma once

#include <cstdint>
#include <random>

#include "core/clock.hpp"

namespace emostage::sim {

class Random {
public:
    explicit Random(std::uint64_t seed) : bits_(seed) {}

    // Requires: below > 0. (std's distributions differ between libraries.)
    std::uint64_t below(std::uint64_t below) { return bits_() % below; }
    bool chance(int thousandths) { return below(1000) < static_cast<std::uint64_t>(thousandths); }
    // From `least` to `most`, both included.
    milliseconds between(milliseconds least, milliseconds most) {
        const auto span = static_cast<std::uint64_t>((most - least).count());
        return least + milliseconds(static_cast<std::int64_t>(below(span + 1)));
    }

private:
    std::mt19937_64 bits_;
};

}  // namespace emostage::sim
