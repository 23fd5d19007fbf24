// The workers: where each can be reached, what it serves, how much more it takes, when it was
// heard.
//
// A worker is its `instance`, which it keeps across reconnects; its route changes with each. Credit
// is what its slots leave beside the leases that it holds, and none while it drains, is silent, is
// unreachable or has just handed a turn back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker/broker.hpp"
#include "broker/config.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

struct Lease;
struct Worker;

// Workers with credit that serve one pipeline, the freest first; ties: least recently used.
struct CreditKey {
    std::uint32_t taken_of_max;  // max - free, so that the freest sorts first
    std::uint64_t used, number;
    Worker* worker;

    bool operator<(const CreditKey& other) const {
        return std::tie(taken_of_max, used, number) <
               std::tie(other.taken_of_max, other.used, other.number);
    }
};
using CreditLane = std::set<CreditKey>;

struct Worker {
    std::uint64_t number = 0;  // of registration
    std::string instance, name;
    std::string admin;  // HOST:PORT of its own pages; empty: none
    Route route;
    std::uint32_t slots = 0;
    std::vector<Lease*> leases;
    std::uint32_t over = 0;  // of these; they take no slot

    bool registered = false;    // said Ready; else it is known from before a start of the broker
    std::uint64_t welcome = 0;  // the number of the last Welcome to it
    bool draining = false;
    bool handed_back = false;  // gave a turn back: nothing new before its next beat
    bool silent = false;       // no word for two beats: nothing new until it is heard
    std::uint64_t beat = 0;    // the last one's number
    TimePoint beat_at{}, heard_at{}, ack_at{};
    std::optional<TimePoint> gone_since;     // its route is unreachable
    std::optional<TimePoint> awaited_until;  // it has no route yet, and is lost then

    std::vector<CreditLane*> lanes;   // of the pipelines that it serves
    std::optional<CreditKey> credit;  // as it stands in them; none: no credit
    std::uint64_t used = 0;
};

class WorkerTable {
public:
    explicit WorkerTable(const Config& config) : config_(config) {}

    Worker* by_route(const Route& route);
    Worker* by_instance(const std::string& instance);

    // Null: there are `workers_max` already. Requires: neither instance nor route is known.
    Worker* add(const std::string& instance, const Route& route, TimePoint now);
    // One that held leases before the broker's start: it has until `until` to come back. Null:
    // full.
    Worker* await(const std::string& instance, const std::string& name, TimePoint now,
                  TimePoint until);
    // It is reached by `route` from now on. Requires: no other worker has that route.
    void move(Worker& worker, const Route& route);
    void set_pipelines(Worker& worker, const std::vector<std::string>& pipelines);
    void drop_pipeline(Worker& worker, const std::string& pipeline);
    void heard(Worker& worker, TimePoint now);
    void beat(Worker& worker, std::uint64_t number, bool draining, TimePoint now);
    // Nobody looked for this long: it is not held against the workers.
    void excuse(Duration unattended);
    // Requires: it holds no lease.
    void remove(Worker& worker);

    // After anything that its credit depends on.
    void refresh(Worker& worker);
    // Grows whenever a worker got more credit.
    std::uint64_t gains() const { return gains_; }

    bool has_credit(const std::string& pipeline) const;
    Worker* choose(const std::string& pipeline);  // null: no credit; counts as use
    bool announced(const std::string& pipeline) const { return lanes_.contains(pipeline); }
    std::vector<std::string> announced() const;  // all of them, sorted
    std::size_t pipelines() const { return lanes_.size(); }
    // There are some, and none is awaited that may announce more.
    bool complete() const;

    // When the worker that is next needs a look: to confirm its beats, or because it is gone.
    std::optional<TimePoint> next() const;
    Worker* due(TimePoint now) const;  // null: none
    // Whether it has lost its leases by now: unreachable for `reconnect`, no beat for a lease, or
    // awaited in vain.
    bool lost(const Worker& worker, TimePoint now) const;
    static LossCause cause_of(const Worker& lost);
    void acknowledged(Worker& worker, TimePoint now);
    void unreachable(Worker& worker, TimePoint now);

    std::size_t size() const { return workers_.size(); }
    std::vector<const Worker*> all() const;  // by time of registration

private:
    Worker* make(const std::string& instance, TimePoint now,
                 std::optional<TimePoint> awaited_until);
    TimePoint due_at(const Worker& worker) const;
    void reschedule(Worker& worker, TimePoint before);
    std::uint32_t free_credit(const Worker& worker) const;

    const Config& config_;
    std::map<std::uint64_t, std::unique_ptr<Worker>> workers_;  // by number
    std::unordered_map<std::string, Worker*> by_instance_;
    std::unordered_map<Route, Worker*> by_route_;
    std::unordered_map<std::string, CreditLane> lanes_;  // of all pipelines ever announced
    std::set<std::pair<TimePoint, std::uint64_t>> due_;  // with the worker's number
    std::uint64_t numbers_ = 0, uses_ = 0, gains_ = 0;
};

}  // namespace emostage::broker
