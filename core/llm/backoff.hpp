// How long to wait before a retry. Pure; the seed makes the jitter repeatable.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "core/clock.hpp"

namespace emostage::llm {

class Backoff {
public:
    struct Settings {
        milliseconds first{100};
        milliseconds max{5000};
    };

    Backoff(const Settings& settings, std::uint64_t seed) : settings_(settings), random_(seed) {}

    // Before the retry of this number, from 1: half of `first` doubled each time (at most `max`),
    // and up to as much again by chance.
    Duration delay(int retry);

private:
    Settings settings_;
    std::mt19937_64 random_;
};

inline constexpr milliseconds retry_after_max{30000};  // longer waits are cut to this

// Of the headers `Retry-After` (seconds or a date, RFC 9110 section 10.2.3) and `retry-after-ms`,
// which says it finer; empty ones are not there. None: nothing that can be understood.
std::optional<milliseconds> parse_retry_after(std::string_view retry_after,
                                              std::string_view retry_after_ms,
                                              std::int64_t unix_ms);

}  // namespace emostage::llm
