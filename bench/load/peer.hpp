// The client of a comparison of systems: what it is to do comes in the variable LOAD, what it has
// measured goes out as one line of JSON. bench/peers/README.md says how it is started.
//
//   LOAD = {"conc": 64, "turns": 2000, "warmup": 400, "ramp_ms": 0, "itl_ms": 0, "max_s": 40,
//           "tokens": 64}
//
// Warms up, prints READY, waits for a line on stdin, runs, prints the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/gateway_load.hpp"
#include "bench/load/meter.hpp"
#include "core/result.hpp"

namespace emostage::load {

struct PeerTask {
    static constexpr std::uint64_t turns_max = 10'000'000;

    std::size_t in_flight = 1;
    std::uint64_t turns = 1, warmup = 0, reply_tokens = 0;
    milliseconds ramp{}, between_tokens{};
    std::chrono::seconds longest{40};
};

// Errc::config names the field that is missing or out of its range; unknown fields are ignored.
Result<PeerTask> read_peer_task(std::string_view json);

// Microseconds with one decimal; percentiles are null where nothing was measured.
std::string peer_line(const Meter& meter, std::uint64_t turns, std::uint64_t violations);

// The exit code.
int run_peer(const Connection& connection, const ReplyScript& script, const PeerTask& task);

}  // namespace emostage::load
