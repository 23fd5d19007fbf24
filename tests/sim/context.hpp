// What all parts of one simulation share.
#pragma once

#include "tests/sim/checker.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/timeline.hpp"

namespace emostage::sim {

struct Context {
    Context(std::uint64_t seed, bool keep_history)
        : random(seed), history(timeline, keep_history), checker(timeline, history) {}

    Timeline timeline;
    Random random;
    History history;
    Faults faults;
    Checker checker;
};

}  // namespace emostage::sim
