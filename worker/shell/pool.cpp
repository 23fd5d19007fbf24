#include "worker/shell/pool.hpp"

#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <random>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "core/admin/admin_server.hpp"
#include "core/clock.hpp"
#include "core/log/log.hpp"
#include "worker/admin/admin_pages.hpp"
#include "worker/admin/shard_reports.hpp"
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

// As others may reach it, who learn it from the broker.
std::string told_address(config::Address address) {
    if (address.host == "0.0.0.0" || address.host == "::") {
        char name[256] = {};
        if (gethostname(name, sizeof name - 1) == 0 && name[0] != 0) address.host = name;
    }
    return config::to_string(address);
}

ShardConfig shard_config(const WorkerOptions& options, const PipelineSet& pipelines,
                         const std::string& admin, std::uint32_t index) {
    ShardConfig config;
    config.broker = options.broker;
    config.link.worker = options.name;
    config.link.instance = random_id();
    // The slots that do not divide evenly go to the first shards.
    config.link.slots = options.slots / options.shards + (index < options.slots % options.shards);
    for (const auto& [name, pipeline] : pipelines) config.link.pipelines.push_back(name);
    config.link.drain = options.drain;
    config.link.admin = admin;
    config.run.worker = options.name;
    config.run.help_lines = options.help_lines;
    config.endpoints = options.endpoints;
    config.hedge = options.hedge;
    std::random_device random;
    config.seed = std::uint64_t{random()} << 32 | random();
    return config;
}

}  // namespace

Result<void> run_pool(const WorkerOptions& options, std::shared_ptr<const PipelineSet> pipelines) {
    asio::io_context signals_loop{1};
    asio::signal_set signals(signals_loop, SIGTERM, SIGINT);

    zmq::context_t context;
    std::vector<std::unique_ptr<Shard>> shards;

    // On this thread, which else waits for signals.
    ShardReports reports(options.shards, [&shards](std::size_t index, ShardReports::Answer answer) {
        shards[index]->report(std::move(answer));
    });
    const TakeReport take_report = [&, started_unix_ms = now().unix_ms] {
        Report report = reports.take();
        report.worker = options.name;
        report.started_unix_ms = started_unix_ms;
        report.log_lines_lost = log::lines_lost();
        return report;
    };
    admin::AdminServer admin(signals_loop,
                             [&take_report](std::string_view method, std::string_view path) {
                                 return admin_page(method, path, take_report);
                             });
    std::string admin_address;
    if (options.admin) {
        const auto address = admin.open(*options.admin);
        if (!address) return tl::unexpected(address.error());
        admin_address = told_address(*address);
    }

    for (std::uint32_t i = 0; i < options.shards; ++i) {
        auto& shard = shards.emplace_back(std::make_unique<Shard>(
            shard_config(options, *pipelines, admin_address, i), pipelines, context));
        if (auto connected = shard->connect(); !connected) return connected;
    }
    log::info("worker started", {{"worker", options.name},
                                 {"version", EMOSTAGE_VERSION},
                                 {"broker", options.broker},
                                 {"admin", admin_address.empty() ? "off" : admin_address},
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
                if (--running == 0) signals_loop.stop();
            });
        });
    }
    signals_loop.run();
    for (auto& thread : threads) thread.join();
    return {};
}

}  // namespace emostage::worker
