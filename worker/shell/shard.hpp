// One shard of a worker: a loop with a DEALER to the broker, a model client with its connections,
// and the runs of the turns that it has leased.
//
// run() belongs to one thread; drain(), stop() and report() may be called from any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "core/result.hpp"
#include "worker/admin/shard_report.hpp"
#include "worker/link/link.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/run/run.hpp"

namespace emostage::worker {

struct ShardConfig {
    std::string broker;  // ZeroMQ endpoint
    LinkConfig link;
    RunConfig run;
    std::vector<llm::EndpointConfig> endpoints;
    llm::HedgeSettings hedge;
    std::uint64_t seed = 0;  // of the back-off's jitter, and of the ids of spans
};

class Shard {
public:
    static constexpr int outbox_messages_max = 100'000;  // towards the broker, in ZeroMQ's pipe

    // `context` outlives the shard.
    Shard(ShardConfig config, std::shared_ptr<const PipelineSet> pipelines,
          zmq::context_t& context);
    ~Shard();

    // Errc::io when the broker's endpoint is no endpoint. A broker that is away is waited for.
    Result<void> connect();

    // Until it has drained or was stopped.
    void run();

    void drain();  // no new turns; run() returns when the running ones have ended, or at the limit
    void stop();   // run() returns at once

    // `take` is called on the shard's thread; never, where run() is over.
    void report(std::function<void(ShardReport)> take);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::worker
