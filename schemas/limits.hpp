// Bounds of what crosses the border. A broker's configuration may narrow the soft ones (Limits,
// told to gateways in `hello`); the hard ones hold everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emostage::wire {

// Told to gateways in `hello`.
struct Limits {
    std::uint64_t text_bytes = 32 * 1024;      // of one turn's text
    std::uint64_t history_utterances = 200;    // of an open's `history`
    std::uint64_t history_bytes = 256 * 1024;  // all its texts together
    std::uint64_t reply_bytes = 64 * 1024;     // of one reply
    std::uint64_t deadline_ms = 600'000;       // the longest that may be asked for
    std::uint64_t retention_ms = 600'000;      // how long an ended turn can be resumed

    bool operator==(const Limits&) const = default;
};

inline constexpr std::size_t id_bytes_max = 64;
inline constexpr std::size_t locale_bytes_max = 35;                // BCP 47, RFC 5646 section 4.4.1
inline constexpr std::size_t traceparent_bytes_max = 55;           // W3C trace context, version 00
inline constexpr std::size_t message_bytes_max = 4 * 1024 * 1024;  // one ZeroMQ message, any socket
inline constexpr std::size_t message_depth_max = 16;               // nested maps and arrays
inline constexpr std::size_t events_per_batch_max = 4096;          // in one event message
inline constexpr std::size_t pipelines_told_max = 256;             // in one `pipelines` event
inline constexpr std::size_t result_bytes_max = 16 * 1024;         // one stage's result, packed
inline constexpr std::size_t state_bytes_max = 4 * 1024;  // what a session remembers, packed
inline constexpr std::size_t error_message_bytes_max = 512;

}  // namespace emostage::wire
