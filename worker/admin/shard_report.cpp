#include "worker/admin/shard_report.hpp"

#include <algorithm>
#include <cassert>

namespace emostage::worker {

void ShardReport::merge(const ShardReport& other) {
    registered = registered || other.registered;
    draining = draining || other.draining;
    slots += other.slots;
    running += other.running;
    unkept_turns += other.unkept_turns;
    unkept_events += other.unkept_events;
    unkept_bytes += other.unkept_bytes;
    link.leases += other.link.leases;
    link.returned += other.link.returned;
    link.fenced += other.link.fenced;
    link.said_again += other.link.said_again;
    link.registrations += other.link.registrations;
    unsent += other.unsent;
    unreadable += other.unreadable;
    hedges.calls += other.hedges.calls;
    hedges.hedged += other.hedges.hedged;
    hedges.won += other.hedges.won;
    cancel.merge(other.cancel);
    late.merge(other.late);
    if (other.pipelines.empty()) return;
    if (pipelines.empty()) {
        pipelines = other.pipelines;
        endpoints = other.endpoints;
        return;
    }
    assert(pipelines.size() == other.pipelines.size());
    assert(endpoints.size() == other.endpoints.size());
    for (std::size_t i = 0; i < pipelines.size(); ++i) pipelines[i].merge(other.pipelines[i]);
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        auto& mine = endpoints[i];
        const auto& its = other.endpoints[i];
        mine.running += its.running;
        mine.breaker = std::max(mine.breaker, its.breaker);  // the worst of them
        mine.breaker_opens += its.breaker_opens;
        mine.calls += its.calls;
        mine.failures += its.failures;
        mine.meter.merge(its.meter);
    }
}

}  // namespace emostage::worker
