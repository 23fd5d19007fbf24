// A worker of World: runs what it is leased by a script, beats, and does what chaos asks of it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/broker/support/world.hpp"

namespace emostage::broker::test {

class SimWorker {
public:
    SimWorker(World& world, std::string name, std::uint32_t slots,
              std::vector<std::string> pipelines);

    void start();  // as a new process
    void take(const wire::ToWorker& message);
    void live();  // one occasion for chaos

    const Route& route() const { return route_; }
    bool reachable() const { return alive_; }

private:
    struct Run {
        std::vector<wire::RunEvent> script;
        std::size_t said = 0;
    };

    void say_ready();
    void send(wire::FromWorker message);
    void beat(std::uint64_t life);
    void go_on(wire::LeaseId lease);
    std::vector<wire::RunEvent> script(const wire::Lease& lease);
    bool hung() const { return world_.now_.steady < hung_until_; }

    void take_now(const wire::ToWorker& message);
    void take_lease(const wire::Lease& lease);
    void take_stop(const wire::Stop& stop);
    void take_resend(const wire::Resend& resend);

    void die();
    void reconnect();
    void drain();

    World& world_;
    std::string name_, instance_;
    Route route_;
    std::uint32_t slots_;
    std::vector<std::string> pipelines_;
    std::map<wire::LeaseId, Run> runs_;
    bool alive_ = false, draining_ = false;
    bool disturbed_ = false;  // its view of its leases may differ from the broker's for a while
    std::uint64_t lives_ = 0, connections_ = 0, beats_ = 0;
    TimePoint hung_until_{}, confirmed_at_{}, last_out_{}, last_in_{};
};

}  // namespace emostage::broker::test
