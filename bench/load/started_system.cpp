#include "bench/load/started_system.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <system_error>

namespace emostage::load {

namespace {

constexpr std::size_t calls_per_turn = 2;  // perspective and phase, at once
constexpr std::size_t descriptors_spare = 200;
constexpr const char* any_port = "tcp://127.0.0.1:0";

std::string ms(milliseconds value) { return std::to_string(value.count()); }

// How many of at most `each` hold `all`; or, of `each` that hold `all`, how much the fullest has.
std::size_t parts(std::size_t all, std::size_t each) { return (all + each - 1) / each; }

Result<std::filesystem::path> make_folder() {
    std::string path = (std::filesystem::temp_directory_path() / "emostage-bench-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return fail(Errc::io, path + ": cannot be made");
    return path;
}

}  // namespace

std::size_t workers_for(std::size_t in_flight, std::size_t wanted) {
    return std::max(wanted, parts(in_flight, StartedSystem::slots_per_worker_max));
}

std::size_t rehearsals_for(std::size_t in_flight) {
    return std::max<std::size_t>(1, parts(in_flight, StartedSystem::turns_per_rehearsal_max));
}

std::size_t descriptors_for(std::size_t in_flight) {
    const std::size_t rehearsals = rehearsals_for(in_flight);
    std::size_t share = parts(in_flight, rehearsals) * calls_per_turn;
    if (rehearsals > 1) share += share / 2;  // one may get half as much again as its share
    return share + descriptors_spare;
}

Result<void> allow_descriptors(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    if (limit.rlim_cur >= wanted) return {};
    if (limit.rlim_max < wanted) {
        // Only root may; who is not is told what to do.
        rlimit more{wanted, wanted};
        if (::setrlimit(RLIMIT_NOFILE, &more) == 0) return {};
        return fail(Errc::config, "so many turns at once need " + std::to_string(wanted) +
                                      " file descriptors in one process, and the limit is " +
                                      std::to_string(limit.rlim_max) + ": ulimit -n " +
                                      std::to_string(wanted) +
                                      " (as root, or by /etc/security/limits.conf)");
    }
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return {};
}

Result<std::unique_ptr<StartedSystem>> StartedSystem::start(const SystemWish& wish,
                                                            const std::function<bool()>& stopped) {
    if (auto allowed = allow_descriptors(descriptors_for(wish.in_flight)); !allowed) {
        return tl::unexpected(allowed.error());
    }
    std::unique_ptr<StartedSystem> system(new StartedSystem);
    auto folder = make_folder();
    if (!folder) return tl::unexpected(folder.error());
    system->folder_ = std::move(*folder);
    if (auto started = system->start_all(wish, stopped); !started) {
        return tl::unexpected(started.error());
    }
    return system;
}

StartedSystem::~StartedSystem() {
    // Workers first: they would tell of a broker that is gone.
    while (!children_.empty()) children_.pop_back();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> StartedSystem::start_all(const SystemWish& wish,
                                      const std::function<bool()>& stopped) {
    const std::size_t workers = workers_for(wish.in_flight, wish.workers);
    const std::size_t slots = parts(wish.in_flight, workers) + slots_spare;

    std::string endpoints = "endpoints:\n";
    for (std::size_t i = 0; i < rehearsals_for(wish.in_flight); ++i) {
        const auto url = start_rehearsal("rehearsal-" + std::to_string(i + 1), wish, stopped);
        if (!url) return tl::unexpected(url.error());
        endpoints += "  - {url: \"" + *url +
                     "\", model: rehearsal, calls_max: " + std::to_string(slots * calls_per_turn) +
                     "}\n";
    }

    const std::string state = wish.journal ? (folder_ / "state").string() : ":memory:";
    // clang-format off
    std::vector<std::string> command = {
        (wish.programs / "emostage-broker").string(), "--commands", any_port, "--events", any_port,
        "--workers", any_port, "--admin", "off", "--state", state};
    // clang-format on
    command.insert(command.end(), wish.broker_flags.begin(), wish.broker_flags.end());
    const auto broker = add("broker", command, "broker started", stopped);
    if (!broker) return tl::unexpected(broker.error());
    commands_ = value_in(*broker, "commands");
    events_ = value_in(*broker, "events");

    const auto config = folder_ / "worker.yaml";
    std::ofstream(config) << endpoints;
    for (std::size_t i = 0; i < workers; ++i) {
        const std::string name = "worker-" + std::to_string(i + 1);
        // clang-format off
        command = {(wish.programs / "emostage-worker").string(), "--config", config.string(),
                   "--broker", value_in(*broker, "workers"), "--pipelines", wish.pipelines.string(),
                   "--slots", std::to_string(slots), "--name", name, "--drain-ms", "500"};
        // clang-format on
        command.insert(command.end(), wish.worker_flags.begin(), wish.worker_flags.end());
        if (auto worker = add(name, command, "registered", stopped); !worker) {
            return tl::unexpected(worker.error());
        }
    }
    return {};
}

Result<std::string> StartedSystem::start_rehearsal(const std::string& name, const SystemWish& wish,
                                                   const std::function<bool()>& stopped) {
    close_logs_.push_back(folder_ / (name + "-closes.jsonl"));
    // clang-format off
    const auto line = add(name, {
        (wish.programs / "emostage-rehearsal").string(), "--listen", "127.0.0.1:0",
        "--ttft-ms", ms(wish.pace.first_token), "--itl-ms", ms(wish.pace.between_tokens),
        "--tokens", std::to_string(wish.pace.reply_tokens),
        "--json-tokens", std::to_string(wish.pace.analysis_tokens),
        "--seed", std::to_string(wish.seed), "--close-log", close_logs_.back().string(),
        "--connections-max", std::to_string(descriptors_for(wish.in_flight)),
        "--log-level", "error"}, "listening on ", stopped);
    // clang-format on
    if (!line) return tl::unexpected(line.error());
    return "http://" + line->substr(line->rfind(' ') + 1) + "/v1";
}

Result<std::string> StartedSystem::add(std::string name, std::vector<std::string> command,
                                       std::string_view ready,
                                       const std::function<bool()>& stopped) {
    auto log = folder_ / (name + ".log");
    auto child = Child::start(std::move(name), command, std::move(log));
    if (!child) return tl::unexpected(child.error());
    children_.push_back(std::move(*child));
    return children_.back().line_with(ready, ready_max, stopped);
}

std::vector<StartedSystem::Process> StartedSystem::processes() const {
    std::vector<Process> found;
    for (const auto& child : children_) {
        found.push_back({child.name().substr(0, child.name().find('-')), child.pid()});
    }
    return found;
}

std::string StartedSystem::dead() const {
    for (const auto& child : children_) {
        if (const auto how = child.ended(); !how.empty()) return child.name() + ": " + how;
    }
    return {};
}

}  // namespace emostage::load
