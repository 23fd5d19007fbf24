// What a load has measured: counts, and how long things took.
//
// Owned by a Load; read when it is over.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bench/load/histogram.hpp"
#include "core/clock.hpp"

namespace emostage::load {

struct Meter {
    // Turns
    std::uint64_t started = 0, completed = 0, failed = 0, cancelled = 0, rejected = 0;
    std::uint64_t unfinished = 0;  // when the load was stopped
    std::uint64_t degraded = 0;    // completed, but with an analysis that is a default
    // While the load was at its full: between Plan::settles and Plan::lasts.
    std::uint64_t completed_in_time = 0, deltas_in_time = 0, tokens_in_time = 0;
    std::map<std::string, std::uint64_t> codes;  // of those that failed or were rejected

    // Replies
    std::uint64_t deltas = 0, tokens = 0;
    std::uint64_t lost = 0;          // tokens that completed replies lack
    std::uint64_t out_of_order = 0;  // pieces of a reply that are not the ones that must come there
    std::uint64_t resets = 0;        // replies that began again

    Histogram first;    // from the intended start to the first token
    Histogram turn;     // … to `completed`
    Histogram gap;      // between two tokens of a reply
    Histogram jitter;   // how far a gap is from the far end's
    Histogram refusal;  // from the push to `rejected`
    Histogram late;     // by how much the start was late: this program's own fault

    Duration lasted{};  // from the first intended start to the last end

    std::uint64_t errors() const { return failed + cancelled + rejected; }
    std::uint64_t ended() const { return completed + errors(); }
};

}  // namespace emostage::load
