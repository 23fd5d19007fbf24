// The newest reports of all shards, asked for across threads.
//
// Each shard's numbers are plain and its own: counting costs no atomic, and a report is of one
// moment. So a report is made on the shard's loop, and the thread of the admin pages, which has
// nothing else to do, waits for it: `wait_max` at the longest. A shard that hangs is shown as it
// was, and as late; it is not asked again before it has answered.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/admin/report.hpp"

namespace emostage::worker {

class ShardReports {
public:
    static constexpr std::chrono::milliseconds wait_max{500};

    using Answer = std::function<void(ShardReport)>;
    // Asks shard number `shard` for a report: `answer` is called on its thread, or never.
    using Ask = std::function<void(std::size_t shard, Answer answer)>;

    ShardReports(std::size_t shards, Ask ask, std::chrono::milliseconds wait = wait_max);

    // `all`, `shards`, `registered` and `late` of a Report. One thread.
    Report take();

private:
    struct Shared {  // with the answers that are under way
        std::mutex mutex;
        std::condition_variable answered;
        std::vector<ShardReport> newest;
        std::vector<bool> asked;
    };

    const Ask ask_;
    const std::chrono::milliseconds wait_;
    const std::shared_ptr<Shared> shared_;
};

}  // namespace emostage::worker
