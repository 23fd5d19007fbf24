// Many seeds, one after the other or some at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/simulation.hpp"

namespace emostage::sim {

struct SeedsResult {
    std::uint64_t run = 0;
    std::map<std::uint64_t, std::string> failed;  // seed, its first violation
    Totals totals;                                // of all
};

struct SeedsPlan {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    unsigned threads = 1;
    std::size_t failures_max = 20;                        // then it stops
    std::function<bool()> enough = [] { return false; };  // asked before each seed
};

SeedsResult run_seeds(const SeedsPlan& plan, const Faults& faults);

// One seed with all that happened, a line each; the last lines say what did not hold.
std::vector<std::string> replay(std::uint64_t seed, const Faults& faults);

}  // namespace emostage::sim
