#include "worker/shell/pool.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <random>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "core/log/log.hpp"
#include "worker/shell/shard.hpp"

namespace emostage::worker {

namespace {

std::string random_id() {
    constexpr char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string id;
    for (int i = 0; i < 4; ++i) {
        for (auto word = random(), n = 0u; n < 8; ++n, word >>= 4) id += digits[word & 0xf];
    }
    return id;
}

ShardConfig shard_config(const WorkerOptions& options, const PipelineSet& pipelines,
                         std::uint32_t index) {
    ShardConfig config;
    config.broker = options.broker;
    config.link.worker = options.name;
    config.link.instance = random_id();
    // The slots that do not divide evenly go to the first shards.
    config.link.slots = options.slots / options.shards + (index < options.slots % options.shards);
    for (const auto& [name, pipeline] : pipelines) config.link.pipelines.push_back(name);
    config.link.drain = options.drain;
    config.run.worker = options.name;
    config.run.help_lines = options.help_lines;
    config.endpoints = options.endpoints;
    config.hedge = options.hedge;
    config.seed = std::random_device{}();
    return config;
}

}  // namespace

Result<void> run_pool(const WorkerOptions& options, std::shared_ptr<const PipelineSet> pipelines) {
    asio::io_context signals_loop{1};
    asio::signal_set signals(signals_loop, SIGTERM, SIGINT);

    zmq::context_t context;
    std::vector<std::unique_ptr<Shard>> shards;
    for (std::uint32_t i = 0; i < options.shards; ++i) {
        auto& shard = shards.emplace_back(
            std::make_unique<Shard>(shard_config(options, *pipelines, i), pipelines, context));
        if (auto connected = shard->connect(); !connected) return connected;
    }
    log::info("worker started", {{"worker", options.name},
                                 {"broker", options.broker},
                                 {"slots", options.slots},
                                 {"shards", options.shards},
                                 {"pipelines", pipelines->size()},
                                 {"endpoints", options.endpoints.size()}});

    signals.async_wait([&](const asio::error_code& error, int) {
        if (error) return;
        for (auto& shard : shards) shard->drain();
        signals.async_wait([&](const asio::error_code& second, int) {
            if (second) return;
            for (auto& shard : shards) shard->stop();
        });
    });

    std::size_t running = shards.size();
    std::vector<std::thread> threads;
    for (auto& shard : shards) {
        threads.emplace_back([&] {
            shard->run();
            asio::post(signals_loop, [&] {
                if (--running == 0) signals.cancel();
            });
        });
    }
    signals_loop.run();
    for (auto& thread : threads) thread.join();
    return {};
}

}  // namespace emostage::worker
