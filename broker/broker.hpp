// The broker's decisions, without I/O: accepts turns, keeps them in order, leases them to workers
// that have credit, numbers and keeps the events.
//
// A machine: `on(input, now)` changes state and calls `Outputs`; `next_time()` says when `on(Tick)`
// has work. No socket, clock, file, thread or randomness inside, so a simulation can drive it from
// a seed. Owns all state. One thread. DESIGN: one running turn per session, fair turns among
// gateways.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/config.hpp"
#include "broker/journal.hpp"
#include "broker/meters.hpp"
#include "broker/note.hpp"
#include "broker/restored.hpp"
#include "core/clock.hpp"
#include "core/codec/codec.hpp"
#include "schemas/command.hpp"
#include "schemas/event.hpp"
#include "schemas/link.hpp"

namespace emostage::broker {

// Where a worker can be reached: the ROUTER's routing id of its connection. Opaque, never logged.
using Route = std::string;

// What the broker asks its shell to do. Called from inside on(); must not call the broker back.
// What it is called with lives for the call only.
class Outputs {
public:
    virtual ~Outputs() = default;
    // On the topic `gateway "/"`, after all that was published there before. No name: for all.
    virtual void publish(std::string_view gateway, const wire::Event& event) = 0;
    virtual void send(const Route& route, const wire::ToWorker& message) = 0;
    // To be stored, all or nothing; then on(Committed). One at a time, and only where
    // Config::durable.
    virtual void commit(Commit commit) = 0;
    // For a log.
    virtual void note(const Note&) {}
};

// --- inputs other than commands ----------------------------------------------------------------

struct Subscribed {       // a subscription to `gateway "/"` became live
    std::string gateway;  // empty: to what is for all
};
struct FromWorker {
    Route route;
    wire::FromWorker message;
};
struct Unreachable {  // a send to this route failed: the connection is gone
    Route route;
};
struct Probe {};  // some worker's connection went, and nobody knows whose: word goes to all of them
struct Tick {};
struct Drain {};  // from now on every open is `rejected`, `unavailable`; the rest goes on

// --- what can be seen from outside -------------------------------------------------------------

struct Counters {  // since the start
    std::uint64_t opened = 0, accepted = 0, joined = 0, rejected = 0, completed = 0, failed = 0,
                  cancelled = 0, resets = 0, retries = 0, leases_lost = 0, replays = 0,
                  replays_dropped = 0, events = 0, deltas = 0, delta_bytes = 0, bad_commands = 0,
                  stages_failed = 0, degraded = 0, link_gaps = 0, continued = 0, alerts = 0,
                  commits = 0, commits_failed = 0, recovered = 0, voided = 0, resumes = 0,
                  cancels = 0, stages_skipped = 0;
};

struct WorkerView {
    std::string worker;
    std::uint32_t slots = 0, running = 0;
    bool draining = false;
    std::string admin = {};  // HOST:PORT of its own pages; empty: none
};

struct Snapshot {
    std::uint64_t queued = 0, running = 0, kept = 0, sessions = 0, kept_bytes = 0, queued_bytes = 0;
    std::int64_t oldest_queued_ms = 0;  // how long the longest has waited
    std::vector<std::pair<std::string, std::uint64_t>> queued_by_gateway;
    std::vector<WorkerView> workers;
    Counters counters;
    Meters meters;
    bool draining = false;
    std::uint64_t replays_waiting = 0;  // for their gateway's budget
    std::uint64_t unstored = 0;         // turns with changes that no commit has stored yet
    bool takes_turns = true;            // false: the journal cannot be written, or is nearly full
};

class Broker {
public:
    // Goes on from `restored`; its id is EventBatch::broker. `outputs` outlives the broker and is
    // not called from here.
    Broker(Config config, Restored restored, Outputs& outputs, Now now);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    void on(wire::Open open, Now now);
    void on(const wire::Cancel& cancel, Now now);
    void on(const wire::Resume& resume, Now now);
    void on(const codec::BadCommand& bad, Now now);  // `rejected` where both names are known
    void on(const Subscribed& subscribed, Now now);
    void on(FromWorker&& from, Now now);
    void on(const Unreachable& gone, Now now);
    void on(Probe, Now now);
    void on(const Committed& committed, Now now);  // the commit that is under way
    void on(Tick, Now now);
    void on(Drain, Now now);

    // The earliest moment at which on(Tick) has something to do; nothing: never.
    std::optional<TimePoint> next_time() const;

    Snapshot snapshot(Now now) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::broker
