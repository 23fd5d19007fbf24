// emostage-simulate: the simulation for as long as one likes. ops/simulate builds and starts it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>
#include <thread>

#include "tests/sim/seeds.hpp"

namespace {

using namespace emostage;

int print_replay(std::uint64_t seed) {
    const auto lines = sim::replay(seed, sim::Faults());
    for (const auto& line : lines) std::cout << line << "\n";
    return lines.empty() || !lines.back().starts_with("VIOLATED") ? 0 : 1;
}

int print_result(const sim::SeedsResult& result, double seconds) {
    for (const auto& [seed, violation] : result.failed)
        std::cout << "seed " << seed << " FAILED: " << violation << "\n";
    for (const auto& [what, count] : result.totals) std::cout << count << "\t" << what << "\n";
    std::cout << result.run << " seeds, " << result.failed.size() << " failed, " << seconds
              << " s\n";
    return result.failed.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Runs EmoStage's broker, workers and gateways on a simulated clock, with faults, and "
        "checks what must hold."};
    sim::SeedsPlan plan;
    plan.count = 1000;
    plan.threads = std::max(1u, std::thread::hardware_concurrency());
    double minutes = 0;
    std::optional<std::uint64_t> seed;
    app.add_option("--seeds", plan.count, "how many seeds")->capture_default_str();
    app.add_option("--first", plan.first, "the first of them")->capture_default_str();
    app.add_option("--minutes", minutes, "run seeds for so long instead");
    app.add_option("--threads", plan.threads, "seeds at a time");
    app.add_option("--failures", plan.failures_max, "stop after so many that fail")
        ->capture_default_str();
    app.add_option("--seed", seed, "run this one and print what happened, without any text");
    CLI11_PARSE(app, argc, argv);
    if (seed) return print_replay(*seed);

    const auto start = Clock::now();
    const auto passed = [start] {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    if (minutes > 0) {
        plan.count = UINT64_MAX - plan.first;
        plan.enough = [&] { return passed() >= minutes * 60; };
    }
    const auto result = sim::run_seeds(plan, sim::Faults());
    return print_result(result, passed());
}
