// A broker with a manual clock, whose outputs are kept, and workers that do what a test tells them.
//
// advance() ticks whenever the broker wants it and lets every worker beat each second, unless told
// not to: a test says only what is special about its case.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.hpp"
#include "tests/broker/support/disk.hpp"

namespace emostage::broker::test {

using namespace std::chrono_literals;

struct Recorder : Outputs {
    void publish(std::string_view gateway, const wire::Event& event) override {
        published.emplace_back(gateway, event);
    }
    void send(const Route& route, const wire::ToWorker& message) override {
        sent.emplace_back(route, message);
    }
    void commit(Commit commit) override { commits.push_back(std::move(commit)); }
    std::vector<std::pair<std::string, wire::Event>> published;
    std::vector<std::pair<Route, wire::ToWorker>> sent;
    std::vector<Commit> commits;
};

struct SceneWorker {
    std::string name, instance;
    Route route;
    std::uint32_t slots = 1;
    std::vector<std::string> pipelines{"emostage"};
    std::set<wire::LeaseId> leases;  // as the worker knows
    std::uint64_t beats = 0, welcome = 0;
    TimePoint beat_at{};
    bool beating = true;
    bool draining = false;
};

class Scene {
public:
    explicit Scene(Config config = {});

    // --- gateways ---
    static wire::Open an_open(std::string turn, std::string session = "s1",
                              std::string text = "hello", std::string gateway = "g1");
    void open(wire::Open open);
    void open(std::string turn, std::string session = "s1", std::string text = "hello",
              std::string gateway = "g1");
    void cancel(const std::string& turn, const std::string& gateway = "g1");
    void resume(const std::string& turn, std::uint64_t after, const std::string& gateway = "g1");

    // --- workers ---
    SceneWorker& worker(const std::string& name, std::uint32_t slots = 1,
                        std::vector<std::string> pipelines = {"emostage"});  // says Ready
    void ready(SceneWorker& worker);
    void beat(SceneWorker& worker);
    void from(const SceneWorker& worker, wire::FromWorker message);
    // The next outputs of the turn's latest lease, in order.
    void say(const std::string& turn, std::vector<wire::RunEvent> events);
    void complete(const std::string& turn, const std::string& text, std::string state = {});
    // started, a reset where a former attempt has shown something, the text as one delta, completed
    void answer(const std::string& turn, const std::string& text, std::string state = {});

    void advance(milliseconds by);
    void tick() { broker.on(Tick{}, now); }

    // --- the disk, where the configuration is durable ---
    // All commits that are asked for are stored; the next ones with them, until none is.
    void store();
    void fail(Committed::Result result);  // the commit that is under way
    // The broker dies and starts from what is stored; a commit that was under way is lost.
    void restart();
    // The worker finds the broker again, by another route: it beats, registers when it is asked to,
    // and says again what it said of the leases that it has.
    void come_back(SceneWorker& worker);
    SceneWorker& named(const std::string& worker) { return workers_.at(worker); }

    // --- what came out ---
    std::vector<wire::Event> events(const std::string& turn,
                                    const std::string& gateway = "g1") const;
    // "accepted started delta": the types of events() with a space between
    std::string types(const std::string& turn, const std::string& gateway = "g1") const;
    // The last event of the turn at the gateway, which must be there and of this type.
    template <class Body>
    Body last(const std::string& turn, const std::string& gateway = "g1") const {
        const auto all = events(turn, gateway);
        if (all.empty() || !std::holds_alternative<Body>(all.back().body)) {
            throw std::runtime_error("the last event of " + turn +
                                     " is another: " + types(turn, gateway));
        }
        return std::get<Body>(all.back().body);
    }
    const wire::Lease* lease(const std::string& turn) const;   // the latest; null: none
    std::vector<std::string> leased() const;                   // turns in order of their leases
    const SceneWorker& holder(const std::string& turn) const;  // of the latest lease
    template <class Message>
    std::vector<Message> sent(const SceneWorker& worker) const {
        std::vector<Message> all;
        for (const auto& [route, message] : out.sent) {
            if (route == worker.route && std::holds_alternative<Message>(message)) {
                all.push_back(std::get<Message>(message));
            }
        }
        return all;
    }
    Counters counters() const { return broker.snapshot(now).counters; }

    Now now{TimePoint(std::chrono::hours(1)), 1'700'000'000'000};
    Recorder out;
    Disk disk;

private:
    std::optional<Broker> core_;

public:
    Broker& broker;

private:
    void deliver();                         // leases and stops to the workers' books
    bool ended(wire::LeaseId lease) const;  // its run has said its last

    std::map<std::string, SceneWorker> workers_;
    const Config config_;
    std::map<wire::LeaseId, std::vector<wire::RunEvent>> said_;
    std::map<wire::LeaseId, std::string> holders_;  // names
    std::size_t delivered_ = 0;
    std::size_t commits_ = 0;  // of out.commits: told how they ended
};

wire::RunEvent delta(std::string text);
wire::RunEvent completed_as(const std::string& text, std::string state = {});
std::string type_of(const wire::EventBody& body);

}  // namespace emostage::broker::test
