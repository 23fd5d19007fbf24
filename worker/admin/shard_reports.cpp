#include "worker/admin/shard_reports.hpp"

#include <algorithm>
#include <utility>

namespace emostage::worker {

ShardReports::ShardReports(std::size_t shards, Ask ask, std::chrono::milliseconds wait)
    : ask_(std::move(ask)), wait_(wait), shared_(std::make_shared<Shared>()) {
    shared_->newest.resize(shards);
    shared_->asked.resize(shards);
}

Report ShardReports::take() {
    std::unique_lock lock(shared_->mutex);
    for (std::size_t i = 0; i < shared_->asked.size(); ++i) {
        if (shared_->asked[i]) continue;
        shared_->asked[i] = true;
        lock.unlock();  // it may be answered before this returns
        ask_(i, [shared = shared_, i](ShardReport report) {
            const std::lock_guard held(shared->mutex);
            shared->newest[i] = std::move(report);
            shared->asked[i] = false;
            shared->answered.notify_one();
        });
        lock.lock();
    }
    const auto& asked = shared_->asked;
    shared_->answered.wait_for(
        lock, wait_, [&] { return std::find(asked.begin(), asked.end(), true) == asked.end(); });
    Report report;
    report.shards = asked.size();
    report.late = static_cast<std::size_t>(std::count(asked.begin(), asked.end(), true));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const ShardReport& one = shared_->newest[i];
        report.registered += one.registered ? 1 : 0;
        if (i == 0) {
            report.all = one;
        } else {
            report.all.merge(one);
        }
    }
    return report;
}

}  // namespace emostage::worker
