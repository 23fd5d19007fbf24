// The broker of the simulation: the real core, with a shell (broker/shell/broker_shell.cpp) whose
// sockets are Connections and whose journal is a SimDisk.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "broker/shell/event_batches.hpp"
#include "tests/sim/connection.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/sim_disk.hpp"

namespace emostage::sim {

class SimBroker final : public Process, public broker::Outputs {
public:
    SimBroker(Context& context, broker::Config config, SimDisk& disk);

    // Who connects to it; before the first start.
    void add_connection(Connection& connection) { connections_.push_back(&connection); }
    void add_gateway(const std::string& gateway, Connection& events) {
        gateways_[gateway] = {&events, false};
    }

    // --- what its sockets get; in its loop ---
    void on_command(const std::string& bytes);
    void on_subscription(const std::string& gateway);
    void on_worker(const std::string& bytes, const std::string& route, Connection& connection);

    void worker_gone();  // some connection ended
    void gateway_gone(const std::string& gateway) { gateways_.at(gateway).subscribed = false; }

    std::function<void(const std::string& turn)> on_cancel;  // a cancel has reached the core

    // Adds what this life did to the checker's totals. Requires: it is alive.
    void count_up();
    broker::Snapshot snapshot() const { return core_->snapshot(now()); }

private:
    struct Subscriber {
        Connection* events = nullptr;
        bool subscribed = false;
    };
    struct Peer {
        Connection* connection = nullptr;
        std::uint64_t number = 0;  // of the connection that the route names
    };

    void on_start() override;
    void on_kill() override;
    void on_timer() override;
    std::optional<TimePoint> next_time() const override { return core_->next_time(); }
    void settle() override;

    void publish(std::string_view gateway, const wire::Event& event) override;
    void send(const broker::Route& route, const wire::ToWorker& message) override;
    void commit(broker::Commit commit) override;

    broker::Config config_;
    SimDisk& disk_;
    std::vector<Connection*> connections_;
    std::map<std::string, Subscriber, std::less<>> gateways_;
    std::map<broker::Route, Peer> peers_;
    std::set<broker::Route> gone_;
    bool probing_ = false;
    std::unique_ptr<broker::EventBatches> batches_;
    std::unique_ptr<broker::Broker> core_;
};

}  // namespace emostage::sim
