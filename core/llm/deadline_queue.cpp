#include "core/llm/deadline_queue.hpp"

namespace emostage::llm {

void DeadlineQueue::set(Owner owner, TimePoint deadline) {
    const auto [at, is_new] = owners_.try_emplace(owner, Times{deadline, deadline});
    Times& times = at->second;
    times.deadline = deadline;
    if (!is_new) {
        if (deadline >= times.filed) return;
        filed_.erase({times.filed, owner});
        times.filed = deadline;
    }
    filed_.emplace(deadline, owner);
}

void DeadlineQueue::remove(Owner owner) {
    const auto at = owners_.find(owner);
    if (at == owners_.end()) return;
    filed_.erase({at->second.filed, owner});
    owners_.erase(at);
}

DeadlineQueue::Owner DeadlineQueue::take_due(TimePoint now) {
    while (!filed_.empty() && filed_.begin()->first <= now) {
        const Owner owner = filed_.begin()->second;
        filed_.erase(filed_.begin());
        const auto at = owners_.find(owner);
        Times& times = at->second;
        if (times.deadline <= now) {
            owners_.erase(at);
            return owner;
        }
        times.filed = times.deadline;
        filed_.emplace(times.filed, owner);
    }
    return 0;
}

}  // namespace emostage::llm
