// The numbers of one shard at one moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/llm/client.hpp"
#include "core/metrics/bounds.hpp"
#include "core/metrics/histogram.hpp"
#include "worker/admin/turn_meters.hpp"
#include "worker/link/link.hpp"

namespace emostage::worker {

struct ShardReport {
    bool registered = false, draining = false;
    std::uint32_t slots = 0;
    std::size_t running = 0;
    std::size_t unkept_turns = 0, unkept_events = 0, unkept_bytes = 0;
    LinkCounters link;
    std::uint64_t unsent = 0;      // messages that the broker's connection did not take
    std::uint64_t unreadable = 0;  // messages of the broker that were not understood
    std::vector<PipelineMeter> pipelines;
    std::vector<llm::EndpointStatus> endpoints;
    llm::HedgeStatus hedges;
    metrics::Histogram cancel{metrics::short_seconds};  // heard, until the connections are closed
    metrics::Histogram late{metrics::short_seconds};    // the loop's timers

    // All shards of a worker have the same pipelines and endpoints; one that has not reported yet
    // has none.
    void merge(const ShardReport& other);
};

}  // namespace emostage::worker
