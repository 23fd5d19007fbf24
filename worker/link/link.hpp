// A worker's side of the link to its broker, without I/O: registers, beats, takes leases while
// there is credit, fences itself when it is not confirmed, drains.
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

namespace emostage::worker {

struct LinkConfig {
    std::string worker;    // name that gateways see
    std::string instance;  // random, of this process and shard
    std::uint32_t slots = 64;
    std::vector<std::string> pipelines;
    milliseconds ready_every{100};  // until the broker answers
    milliseconds drain{30'000};     // how long running turns may take to end
};

// What the link asks its shell to do. Called from inside on(); must not call the link back.
class LinkOutputs {
public:
    virtual ~LinkOutputs() = default;
    virtual void send(const wire::FromWorker& message) = 0;
    virtual void start_run(wire::Lease lease) = 0;
    // Closes the run's calls at once. Not fenced: the run still says `Cancelled`.
    virtual void stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) = 0;
};

class Link {
public:
    struct Start {};
    struct RunEnded {  // the run has said its last event
        wire::LeaseId lease = 0;
    };
    struct Drain {};
    struct Tick {};

    static constexpr std::size_t unconfirmed_beats_max = 64;

    // `outputs` outlives the link.
    Link(LinkConfig config, LinkOutputs& outputs);

    void on(Start, TimePoint now);
    void on(wire::ToWorker message, TimePoint now);
    void on(RunEnded ended, TimePoint now);
    void on(Drain, TimePoint now);
    void on(Tick, TimePoint now);

    std::optional<TimePoint> next_time() const;

    bool registered() const { return registered_; }
    bool drained() const { return draining_ && running_.empty(); }
    std::size_t running() const { return running_.size(); }

private:
    void say_ready(TimePoint now);
    void beat(TimePoint now);
    void fence(const std::string& reason);
    void hand_back_all(const std::string& reason);
    void take(wire::Lease lease);
    void confirm(std::uint64_t number);

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
    std::deque<std::pair<std::uint64_t, TimePoint>> unconfirmed_;
    std::map<wire::LeaseId, std::string> running_;  // lease, turn
};

}  // namespace emostage::worker
