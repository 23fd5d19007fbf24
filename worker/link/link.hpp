// A worker's side of the link to its broker, without I/O: registers, beats, takes leases while
// there is credit, numbers what runs say and keeps it until the broker has stored it, fences itself
// when it is not confirmed, drains.
//
// A lease is held until the last event of its run is kept. A run that has ended takes no slot, but
// is still beaten for, so that a broker that forgot its end knows where to ask.
//
// A machine: `on(input, now)`, `next_time()`. Owned by one shard; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "schemas/link.hpp"
#include "worker/link/unkept.hpp"

namespace emostage::worker {

struct LinkConfig {
    std::string worker;    // name that gateways see
    std::string instance;  // random, of this process and shard
    std::uint32_t slots = 64;
    std::vector<std::string> pipelines;
    milliseconds ready_every{100};  // until the broker answers
    milliseconds drain{30'000};     // how long running turns may take to end
    std::string admin = {};         // HOST:PORT of the process's admin pages; empty: it has none
};

struct LinkCounters {                 // since the start
    std::uint64_t leases = 0;         // turns that were taken
    std::uint64_t returned = 0;       // turns that were given back unharmed
    std::uint64_t fenced = 0;         // runs that were ended because the turn is another's now
    std::uint64_t said_again = 0;     // times that the broker missed something
    std::uint64_t registrations = 0;  // Welcomes
};

// What the link asks its shell to do. Called from inside on(); must not call the link back.
class LinkOutputs {
public:
    virtual ~LinkOutputs() = default;
    virtual void send(wire::FromWorker message) = 0;
    virtual void start_run(wire::Lease lease) = 0;
    // Closes the run's calls at once. Not fenced: the run still says `Cancelled`.
    virtual void stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) = 0;
};

class Link {
public:
    struct Start {};
    struct Connection {  // has come up or gone; what was sent before may be lost
        bool up = false;
    };
    struct Said {  // what a run has to tell, in its order
        wire::LeaseId lease = 0;
        std::vector<wire::RunEvent> events;
        bool ended = false;  // these were its last
    };
    struct Drain {};
    struct Tick {};

    static constexpr std::size_t unconfirmed_beats_max = 64;
    static constexpr std::size_t leases_max = 8'192;  // held at once, ended ones with them
    // Said and not kept, of all leases together. A run that says more is given back.
    static constexpr std::size_t unkept_bytes_max = 64u * 1024 * 1024;

    // `outputs` outlives the link.
    Link(LinkConfig config, LinkOutputs& outputs);

    void on(Start, TimePoint now);
    void on(wire::ToWorker message, TimePoint now);
    void on(Connection connection, TimePoint now);
    void on(Said said, TimePoint now);
    void on(Drain, TimePoint now);
    void on(Tick, TimePoint now);

    std::optional<TimePoint> next_time() const;

    bool registered() const { return registered_; }
    bool drained() const { return draining_ && held_.empty(); }
    std::size_t running() const { return running_; }
    std::size_t unkept() const { return held_.size() - running_; }  // ended, not kept to the end
    std::size_t unkept_events() const;                              // of all leases; looks at each
    std::size_t unkept_bytes() const { return unkept_bytes_; }
    bool draining() const { return draining_; }
    const LinkCounters& counters() const { return counters_; }

private:
    struct Held {
        Unkept said;
        bool ended = false;
    };
    using HeldLeases = std::map<wire::LeaseId, Held>;

    void say_ready(TimePoint now);
    void beat(TimePoint now);
    void fence(const std::string& reason);
    void hand_back(wire::LeaseId lease, const std::string& reason);
    void take(wire::Lease lease);
    void welcome(const wire::Welcome& welcome, TimePoint now);
    void confirm(std::uint64_t number);
    void keep(wire::LeaseId lease, std::uint64_t ordinal);
    void say_again(wire::LeaseId lease, std::uint64_t ordinal);
    void say_from(const Held& held, std::uint64_t ordinal);
    void release(HeldLeases::iterator held);

    LinkConfig config_;
    LinkOutputs& outputs_;
    std::string broker_;  // whose leases these are
    milliseconds beat_every_{1'000};
    milliseconds fence_after_{7'000};
    bool started_ = false;
    bool registered_ = false;
    bool draining_ = false;
    TimePoint drain_ends_{};
    TimePoint next_beat_{};
    TimePoint confirmed_{};  // when the last confirmed beat was sent
    std::uint64_t beats_ = 0;
    std::uint64_t welcome_ = 0;  // the last one's number
    std::deque<std::pair<std::uint64_t, TimePoint>> unconfirmed_;
    HeldLeases held_;
    std::size_t running_ = 0;       // of these, not ended
    std::size_t unkept_bytes_ = 0;  // of all of these
    LinkCounters counters_;
};

}  // namespace emostage::worker
