// How a client treats endpoints that fail. The defaults are meant to be kept; tests shorten the
// times.
#pragma once

#include <cstddef>

#include "core/llm/backoff.hpp"
#include "core/llm/breaker.hpp"
#include "core/llm/hedge.hpp"
#include "core/llm/retry_budget.hpp"

namespace emostage::llm {

struct Policy {
    int tries_max = 3;                // requests of one call; not counted: a dead reused connection
    std::size_t affinity_margin = 8;  // a session leaves its endpoint when that has more calls than
                                      // the idlest one by this
    milliseconds endpoint_wait_max{3000};  // from a call's start, while no endpoint takes calls
    milliseconds tail{1000};               // for what follows finish_reason: usage and [DONE]
    milliseconds error_body{1000};         // for the body of an error status
    milliseconds blame_total_after{
        2000};  // a silent endpoint is blamed for the total time from here
    Backoff::Settings backoff;
    Breaker::Settings breaker;
    RetryBudget::Settings retry_budget;
    HedgeSettings hedge;  // off: an operator's choice
};

}  // namespace emostage::llm
