#include "tests/sim/seeds.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace emostage::sim {

SeedsResult run_seeds(const SeedsPlan& plan, const Faults& faults) {
    SeedsResult result;
    std::mutex mutex;
    std::atomic<std::uint64_t> next{0};
    std::atomic<bool> stop{false};
    const auto& loaded = pipelines();
    const auto work = [&] {
        while (!stop && !plan.enough()) {
            const auto number = next++;
            if (number >= plan.count) return;
            const auto seed = plan.first + number;
            std::string violation;
            Totals totals;
            try {
                Simulation simulation({seed, faults, false, &loaded});
                simulation.run();
                if (!simulation.violations().empty()) violation = simulation.violations().front();
                totals = simulation.totals();
            } catch (const std::exception& error) {
                violation = std::string("threw: ") + error.what();
            }
            const std::lock_guard lock(mutex);
            ++result.run;
            for (const auto& [what, count] : totals) result.totals[what] += count;
            if (violation.empty()) continue;
            result.failed[seed] = violation;
            if (result.failed.size() >= plan.failures_max) stop = true;
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < plan.threads; ++i) threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
    return result;
}

std::vector<std::string> replay(std::uint64_t seed, const Faults& faults) {
    Simulation simulation({seed, faults, true, nullptr});
    simulation.run();
    auto lines = simulation.history();
    for (const auto& violation : simulation.violations()) lines.push_back("VIOLATED " + violation);
    return lines;
}

}  // namespace emostage::sim
