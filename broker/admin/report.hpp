// What the admin pages show: the core's and the sockets' numbers at one moment.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "broker/broker.hpp"
#include "broker/shell/traffic.hpp"

namespace emostage::broker {

struct Report {
    Snapshot core;
    Traffic traffic;
    std::int64_t started_unix_ms = 0;
    std::uint64_t log_lines_lost = 0;
};

using TakeReport = std::function<Report()>;

}  // namespace emostage::broker
