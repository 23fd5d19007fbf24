// When a streamed call that is still silent is asked a second time, of another endpoint: later than
// most calls have had their first content, and seldom enough to be no load.
//
// The delay follows the newest first contents. Hedges are a share of the calls, strictly: each call
// adds its percent, each hedge takes a hundred, and what is saved up is bounded. So where most
// calls are slow, few are hedged: that endpoint's breaker and time-outs are for that.
//
// Pure; one thread; owned by Client.
// https://cacm.acm.org/research/the-tail-at-scale/ (hedged requests)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.hpp"

namespace emostage::llm {

struct HedgeSettings {
    std::uint32_t after_percentile = 0;  // of first contents, below 100; 0: no call is hedged
    std::uint32_t extra_calls_max_percent = 5;
    milliseconds min_delay{200};

    bool operator==(const HedgeSettings&) const = default;
};

struct HedgeStatus {
    std::uint64_t calls = 0;   // streamed ones, which could have been hedged
    std::uint64_t hedged = 0;  // of these
    std::uint64_t won = 0;     // of these: the second endpoint was the first to say something
};

class Hedge {
public:
    static constexpr std::size_t window = 256;      // first contents that count
    static constexpr std::size_t samples_min = 16;  // with fewer, nothing is known
    static constexpr std::uint64_t saved_max = 10;  // hedges at once, after a long calm

    explicit Hedge(const HedgeSettings& settings) : settings_(settings) {}

    void on_call();
    // Of the endpoint that was asked first; where it was not waited for, how long it had by then.
    void on_first_content(Duration after);
    void on_won() { ++status_.won; }

    // From the request on; nothing: do not hedge.
    std::optional<Duration> delay() const;

    bool take();  // false: the share is used up

    const HedgeStatus& status() const { return status_; }

private:
    HedgeSettings settings_;
    HedgeStatus status_;
    std::uint64_t saved_percent_ = 0;
    std::vector<Duration> newest_;  // a ring of `window`
    std::size_t next_ = 0;
};

}  // namespace emostage::llm
