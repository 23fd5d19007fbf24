// All shards of one worker process, each on a thread of its own, until a signal ends them.
//
// SIGTERM or SIGINT drains: no new turns, running ones end, the rest is handed back at the limit. A
// second signal ends at once.
#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/shell/worker_options.hpp"

namespace emostage::worker {

// Returns when every shard has ended. Errc::io where the broker's endpoint is no endpoint.
Result<void> run_pool(const WorkerOptions& options, std::shared_ptr<const PipelineSet> pipelines);

}  // namespace emostage::worker
