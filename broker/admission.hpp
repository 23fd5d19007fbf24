// Whether there is room for one more turn, and what the turns that are here take up.
//
// Counts what waits and what is live (bytes, pipelines), in all and by gateway; refuses at the
// limits, and where the deadline would pass before the turn's place in the queue is reached at the
// measured rate. Who is refused hears when its share of the queue, or all of the queue where that
// is what is full, will be worked off at that rate.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/config.hpp"
#include "broker/rate_meter.hpp"
#include "broker/turn.hpp"
#include "schemas/event.hpp"

namespace emostage::broker {

class Admission {
public:
    explicit Admission(const Config& config) : config_(config) {}

    // Nothing: there is room. `pipeline_served`: some worker has announced it.
    std::optional<wire::Rejected> refuse(const wire::Open& open, const std::string& pipeline,
                                         bool pipeline_served, TimePoint now) const;

    wire::Rejected overloaded(std::string message, TimePoint now) const;
    // What is full is the gateway's own.
    wire::Rejected overloaded_share(std::string message, const std::string& gateway,
                                    TimePoint now) const;

    // A turn's way: enter, leave_queue, (enter_queue, leave_queue)…, leave. enter() includes the
    // queue, leave() does not.
    void enter(const Turn& turn);
    void leave_queue(const Turn& turn);
    void enter_queue(const Turn& turn);
    void leave(const Turn& turn);
    void count_end(TimePoint now) { rate_.count(now); }  // of a turn that ran

    std::uint64_t queued() const { return queued_; }
    std::uint64_t bytes() const { return bytes_; }
    const std::map<std::string, std::uint64_t>& queued_by_gateway() const { return by_gateway_; }

    // Of text and history.
    static std::uint64_t cost(const wire::Open& open);

private:
    std::uint64_t queued_of(const std::string& gateway) const;
    std::uint64_t bytes_of(const std::string& gateway) const;
    // Turns that run before the gateway's next one would.
    std::uint64_t ahead_of(const std::string& gateway) const;
    wire::Rejected overloaded_by(std::uint64_t turns, std::string message, TimePoint now) const;

    const Config& config_;
    RateMeter rate_;
    std::uint64_t queued_ = 0, bytes_ = 0;
    std::map<std::string, std::uint64_t> by_gateway_;                  // that have turns waiting
    std::uint64_t weights_ = 0;                                        // of these
    std::unordered_map<std::string, std::uint64_t> bytes_by_gateway_;  // that have live turns
    std::unordered_map<std::string, std::uint64_t> live_by_pipeline_;  // waiting or running
};

}  // namespace emostage::broker
