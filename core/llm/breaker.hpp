// Stops asking an endpoint that fails, and asks again with one probe at a time.
//
// Closed until too many failures in a row, or half of the last outcomes; then open for a time that
// doubles with every failed probe up to a limit; then half open: one call is let through, and its
// outcome decides. Failures come faster than successes: among many running calls the first few
// prove nothing, so both limits grow with the number that is running. Pure; one thread.
// https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
#pragma once

#include <cstddef>

#include "core/clock.hpp"
#include "core/llm/endpoint.hpp"

namespace emostage::llm {

class Breaker {
public:
    struct Settings {
        std::size_t failures_in_a_row_max = 5;
        std::size_t crowd_share = 4;  // or this fraction of the running calls, if that is more
        std::size_t window = 20;      // outcomes that are looked at, or as many as are running
        milliseconds open_first{1000};
        milliseconds open_max{30000};
    };

    explicit Breaker(const Settings& settings)
        : settings_(settings), open_for_(settings.open_first) {}

    // Whether a call may start now.
    bool allows(TimePoint now) const;

    // A call starts. True: it is the probe, and must say so at its end. Requires: allows(now).
    bool begin(TimePoint now);

    // `running`: calls to this endpoint, this one with them.
    void succeeded(bool probe, std::size_t running);
    void failed(bool probe, std::size_t running, TimePoint now);
    void abandoned(bool probe);  // ended without a verdict

    BreakerState state() const { return state_; }
    std::uint64_t opens() const { return opens_; }  // so far

private:
    void open(TimePoint now);
    void remember(bool failure, std::size_t running);

    Settings settings_;
    BreakerState state_ = BreakerState::closed;
    std::size_t failures_in_a_row_ = 0;
    std::size_t outcomes_ = 0;  // of the window; halved when it has twice as many
    std::size_t failures_ = 0;  // among them
    milliseconds open_for_;
    TimePoint probe_at_{};
    bool probing_ = false;
    std::uint64_t opens_ = 0;
};

}  // namespace emostage::llm
