// A gateway of the simulation: the real GatewayCore, with a shell (gateway/client/client.cpp) whose
// sockets are Connections, and the people behind it: they write in bursts, cancel, join from a
// second device. What it opened it knows again after a crash.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/client/gateway_core.hpp"
#include "tests/sim/connection.hpp"
#include "tests/sim/sim_broker.hpp"

namespace emostage::sim {

class SimGateway final : public Process, public gateway::Outputs {
public:
    // `turns`: of all gateways, for those who join; grows.
    SimGateway(Context& context, std::string name, SimBroker& broker,
               std::vector<std::string>& turns);
    ~SimGateway() override;

    void act();  // something at random: most often a new turn
    bool done() const { return alive() && core_->turns() == 0 && unread_.empty(); }
    gateway::Counters counters() const;
    Connection& commands() { return commands_; }
    Connection& events() { return events_; }

private:
    class Reader;

    void on_start() override;
    void on_kill() override;
    void on_timer() override { core_->on_time(now()); }
    std::optional<TimePoint> next_time() const override { return core_->next_time(); }
    void settle() override;

    bool push(std::string_view command) override;
    void resubscribe() override;
    void on_link(gateway::Link) override {}

    void on_events(const std::string& bytes);
    void open_new();
    void open(wire::Open open);
    void join(const std::string& turn);
    Reader& reader(const std::string& turn);

    SimBroker& broker_;
    std::vector<std::string>& turns_;
    Connection commands_, events_;
    std::unique_ptr<gateway::GatewayCore> core_;
    std::map<std::string, wire::Open> unread_;                // opened, and no end heard; survives
    std::map<std::string, std::unique_ptr<Reader>> readers_;  // of this life
    std::vector<std::string> ended_;                          // readers to be dropped
    std::uint64_t opened_ = 0;
    gateway::Counters counters_;  // of former lives
};

}  // namespace emostage::sim
