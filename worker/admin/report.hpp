// What a worker's admin pages show: the numbers of its shards at one moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "worker/admin/shard_report.hpp"

namespace emostage::worker {

struct Report {
    std::string worker;
    ShardReport all;  // of all shards together
    std::size_t shards = 0;
    std::size_t registered = 0;  // of these: the broker knows them
    std::size_t late = 0;        // of these: did not answer in time, and are shown as
                                 // they were
    std::int64_t started_unix_ms = 0;
    std::uint64_t log_lines_lost = 0;
};

using TakeReport = std::function<Report()>;

}  // namespace emostage::worker
