// The whole system in one thread, in simulated time, from one seed: three workers, four gateways,
// one broker, its disk and the models; first with faults, then without, until everything has ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/sim_broker.hpp"
#include "tests/sim/sim_gateway.hpp"
#include "tests/sim/sim_worker.hpp"

namespace emostage::sim {

struct Settings {
    std::uint64_t seed = 0;
    Faults faults;
    bool keep_history = false;
    const worker::PipelineSet* pipelines = nullptr;
};

class Simulation {
public:
    explicit Simulation(Settings settings);

    void run();

    const std::vector<std::string>& violations() const { return context_.checker.violations(); }
    const Totals& totals() const { return context_.checker.totals(); }
    const std::vector<std::string>& history() const { return context_.history.lines(); }

private:
    void act(SimGateway& gateway);
    void strike();
    void strike(Process& process, int killed);
    void strike(SimWorker& worker);
    void strike(SimGateway& gateway);
    void heal();
    void mend();  // starts and wakes all
    void run_until(TimePoint end);
    bool all_done() const;
    void check_cancel(const std::string& turn);
    void check_bounds();
    void check_end();
    bool chance(int thousandths) { return context_.random.chance(thousandths); }
    milliseconds between(milliseconds least, milliseconds most) {
        return context_.random.between(least, most);
    }

    Context context_;
    Faults faults_;
    SimDisk disk_;
    SimBroker broker_;
    Variants variants_;
    std::vector<std::string> turns_;
    std::vector<std::unique_ptr<SimWorker>> workers_;
    std::vector<std::unique_ptr<SimGateway>> gateways_;
    TimePoint broker_disturbed_at_ = TimePoint::min();
    std::uint64_t broker_life_ = 0;
    bool healed_ = false;
};

// Loaded once; the shipped ones.
const worker::PipelineSet& pipelines();

}  // namespace emostage::sim
