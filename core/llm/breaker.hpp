// Stops asking an endpoint that fails, and asks again with one probe at a time.
//
// Closed until too many failures in a row, or too many among the last outcomes; then open for a
// time that doubles with every failed probe up to a limit; then half open: one call is let through,
// and its outcome decides. Pure; one thread.
// https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "core/llm/endpoint.hpp"

namespace emostage::llm {

class Breaker {
public:
    struct Settings {
        int failures_in_a_row_max = 5;
        int window = 20;               // outcomes that are remembered, at most 64
        int window_failures_max = 10;  // among them
        milliseconds open_first{1000};
        milliseconds open_max{30000};
    };

    explicit Breaker(const Settings& settings)
        : settings_(settings), open_for_(settings.open_first) {}

    // Whether a call may start now.
    bool allows(TimePoint now) const;

    // A call starts. True: it is the probe, and must say so at its end. Requires: allows(now).
    bool begin(TimePoint now);

    void succeeded(bool probe);
    void failed(bool probe, TimePoint now);
    void abandoned(bool probe);  // ended without a verdict

    BreakerState state() const { return state_; }

private:
    void open(TimePoint now);
    void remember(bool failure);

    Settings settings_;
    BreakerState state_ = BreakerState::closed;
    int failures_in_a_row_ = 0;
    std::uint64_t outcomes_ = 0;  // newest in the lowest bit; 1: a failure
    milliseconds open_for_;
    TimePoint probe_at_{};
    bool probing_ = false;
};

}  // namespace emostage::llm
