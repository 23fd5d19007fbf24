// A worker of the simulation: the real Link and Runs, with a shell (worker/shell/shard.cpp) whose
// socket is a Connection and whose model client is a SimModel.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/connection.hpp"
#include "tests/sim/sim_broker.hpp"
#include "tests/sim/sim_model.hpp"
#include "worker/link/link.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/run/run.hpp"

namespace emostage::sim {

class SimWorker final : public Process, public worker::LinkOutputs {
public:
    struct Settings {
        std::uint32_t slots = 2;
        std::vector<std::string> pipelines;
        bool model_continues = false;
    };

    SimWorker(Context& context, std::string name, Settings settings,
              const worker::PipelineSet& pipelines, SimBroker& broker, Variants& variants);
    ~SimWorker() override;

    void drain();  // and starts anew when it has drained
    Connection& connection() { return connection_; }
    bool calls_for(std::string_view turn) const { return model_.calls_for(turn); }
    // When the broker last confirmed that it is there, and so may run what it has.
    TimePoint confirmed_at() const { return confirmed_at_; }
    // It looks at its timers before anything else happens to it.
    bool looks_now() const {
        const auto at = next_time();
        return at && *at <= now().steady;
    }
    std::size_t calls() const { return model_.calls(); }
    bool idle() const { return runs_.empty(); }
    bool draining() const { return draining_; }
    TimePoint disturbed_at() const { return disturbed_at_; }
    void disturbed() { disturbed_at_ = context_.timeline.now(); }

private:
    struct Slot;

    void on_start() override;
    void on_kill() override;
    void on_timer() override;
    std::optional<TimePoint> next_time() const override;
    void settle() override;

    void send(wire::FromWorker message) override;
    void start_run(wire::Lease lease) override;
    void stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) override;

    void on_broker(const std::string& bytes);
    std::string route() const;

    Settings settings_;
    const worker::PipelineSet& pipelines_;
    SimBroker& broker_;
    worker::RunConfig run_config_;
    SimModel model_;
    Connection connection_;
    std::unique_ptr<worker::Link> link_;
    std::map<wire::LeaseId, std::unique_ptr<Slot>> runs_;
    bool draining_ = false;
    TimePoint disturbed_at_ = TimePoint::min(), confirmed_at_{};
};

}  // namespace emostage::sim
