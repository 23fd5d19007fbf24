// What a rehearsal server was asked to be: its name, its pace, its faults, its limits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace emostage::rehearsal {

// What can go wrong with one answer. A request meets at most one of them.
enum class Fault : std::uint8_t {
    none,
    status_500,    // the request is answered with HTTP 500
    status_429,    // … with HTTP 429 and Retry-After
    cut,           // the connection is closed in the middle of the answer
    unended,       // HTTP ends properly, but without finish_reason and [DONE]
    stall,         // nothing more is sent for a while, or for ever
    malformed,     // one chunk is broken JSON
    split,         // chunks come in pieces: inside a line, a character, a line end
    slow_headers,  // the response's head dribbles in
};
inline constexpr std::size_t fault_kinds = 9;

constexpr std::string_view name(Fault fault) {
    constexpr std::array<std::string_view, fault_kinds> names = {
        "none", "500", "429", "cut", "unended", "stall", "malformed", "split", "slow_headers"};
    return names[static_cast<std::size_t>(fault)];
}

// In percent of the requests; together at most 100.
struct FaultRates {
    std::array<double, fault_kinds> percent{};

    double& operator[](Fault fault) { return percent[static_cast<std::size_t>(fault)]; }
    double operator[](Fault fault) const { return percent[static_cast<std::size_t>(fault)]; }
};

struct Limits {
    std::size_t head_bytes_max = 16 * 1024;        // of a request: line and headers
    std::size_t body_bytes_max = 2 * 1024 * 1024;  // of a request
    std::size_t messages_max = 4096;               // of one conversation
    std::size_t connections_max = 8192;            // more are told 503 and closed
    std::size_t early_bytes_max = 64 * 1024;       // that come before the answer to the last ended
    milliseconds request_max{30'000};              // from a request's first byte to its last
    milliseconds idle_max{300'000};                // between two requests
    milliseconds unread_max{60'000};               // a client that reads nothing for so long
    milliseconds linger_max{1'000};                // for a refused client to read why
    milliseconds drain_max{3'000};                 // for running answers after SIGTERM
};

inline constexpr std::size_t tokens_max = 16'384;  // of one answer

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 7710;  // 0: any that is free
    std::string model = "rehearsal";
    std::uint64_t seed = 1;

    // Content i of a stream is due at `first_token + i * between_tokens` after the request came.
    Duration first_token{};
    Duration between_tokens{};
    std::size_t tokens = 0;        // of a streamed reply, exactly; 0: as long as it is
    std::size_t whole_tokens = 0;  // how many an answer that is not streamed takes time for

    FaultRates faults;
    std::string fail_stage;     // faults meet only this stage; empty: every one
    std::string garbage_stage;  // answered with hostile text; empty: none
    std::chrono::seconds retry_after{1};
    milliseconds stall{0};  // 0: for ever
    milliseconds slow_headers{1'000};

    std::string close_log;  // file; empty: none
    Limits limits;
};

}  // namespace emostage::rehearsal
