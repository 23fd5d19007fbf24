// What the gateway has done since its start, for /metrics. Plain numbers; one thread.
#pragma once

#include <array>
#include <cstdint>

#include "core/metrics/bounds.hpp"
#include "core/metrics/histogram.hpp"
#include "gateway/http/server/routes.hpp"

namespace emostage::http {

enum class Outcome : std::uint8_t { completed, failed, cancelled, rejected, left };
inline constexpr std::size_t outcomes = 5;

struct Tally {
    static constexpr std::size_t classes = 6;  // 1xx (none), 2xx … 5xx, and clients that went away

    std::array<std::array<std::uint64_t, classes>, routes> requests{};
    std::array<std::uint64_t, outcomes> turns{};  // as far as requests here heard of their ends
    std::uint64_t deltas = 0, body_bytes = 0, pings = 0, slow_readers = 0, clients_gone = 0,
                  resumes = 0;

    // From the request on.
    metrics::Histogram first_byte{metrics::wait_seconds};   // of an answer that a turn gives
    metrics::Histogram first_delta{metrics::wait_seconds};  // of a turn that is streamed
    metrics::Histogram answer{metrics::turn_seconds};       // to its end

    // 499: the client went away before the answer was whole.
    void answered(Route route, int status) {
        const auto kind = status == 499 ? 0 : static_cast<std::size_t>(status / 100) % classes;
        ++requests[static_cast<std::size_t>(route)][kind];
    }
    void ended(Outcome outcome) { ++turns[static_cast<std::size_t>(outcome)]; }
};

}  // namespace emostage::http
