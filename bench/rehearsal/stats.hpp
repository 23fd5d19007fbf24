// What the server has done since its start, as GET /stats shows it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bench/rehearsal/options.hpp"

namespace emostage::rehearsal {

struct Stats {
    static constexpr std::size_t stages_max = 32;  // names; the rest are "other"

    std::uint64_t connections = 0, connections_open = 0, connections_refused = 0;
    std::uint64_t requests = 0;      // that were read whole, of every path
    std::uint64_t bad_requests = 0;  // answered 4xx for what they are
    std::uint64_t chats = 0, chats_streamed = 0, chats_running = 0, chats_running_max = 0;
    std::uint64_t chats_whole = 0;             // answered to the end
    std::uint64_t client_closed = 0;           // by the client in mid-answer
    std::uint64_t contents = 0;                // chunks of content sent
    std::uint64_t late_1ms = 0, late_5ms = 0;  // chunks that left so long after they were due
    std::uint64_t late_max_us = 0;
    std::array<std::uint64_t, fault_kinds> faults{};
    std::map<std::string, std::uint64_t, std::less<>> stages;  // "" is none

    void count_stage(std::string_view stage) {
        if (const auto known = stages.find(stage); known != stages.end()) {
            ++known->second;
        } else {
            ++stages[stages.size() < stages_max ? std::string(stage) : "other"];
        }
    }
    void count_late(Duration late, std::uint64_t chunks) {
        if (late > milliseconds(1)) late_1ms += chunks;
        if (late > milliseconds(5)) late_5ms += chunks;
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(late).count();
        if (us > 0 && static_cast<std::uint64_t>(us) > late_max_us) {
            late_max_us = static_cast<std::uint64_t>(us);
        }
    }
};

std::string to_json(const Stats& stats, std::uint64_t seed);

}  // namespace emostage::rehearsal
