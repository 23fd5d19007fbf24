// How much each gateway is sent of what is kept, and which replays wait for that.
//
// Pure bookkeeping: no turns, no clock; callers pass `now`. What is replayed to a gateway takes it
// time at Config::replay_bytes_per_second. It may be ahead of the clock by replay_burst_bytes, and
// by one replay more, for each goes out whole; from then on its replays wait in the order in which
// they were asked for. Bounded: replays that wait, by gateway; gateways that are ahead or have some
// waiting. Deterministic, O(log n).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "broker/config.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

class ReplayQueue {
public:
    struct Replay {
        std::string gateway, turn;
        // Numbers after `after` up to `upto`; what came later went to the gateway by itself.
        std::uint64_t after = 0, upto = 0;
    };

    explicit ReplayQueue(const Config& config) : config_(config) {}

    bool has_room_for(const std::string& gateway, const std::string& turn, TimePoint now) const;

    // True: to be sent at once, and charged. False: it waits, in the place of an older one of the
    // same turn where there is one. Requires: has_room_for it.
    bool ask(Replay replay, TimePoint now);

    // The next one that may be sent by now: to be sent, and charged.
    std::optional<Replay> take(TimePoint now);
    void charge(const std::string& gateway, std::size_t bytes, TimePoint now);

    // When take() has something; nothing: none waits.
    std::optional<TimePoint> next() const;
    // Until the gateway's next one may be sent; for one that has no room here, until there is some.
    milliseconds wait_of(const std::string& gateway, TimePoint now) const;

    std::size_t waiting() const { return waiting_; }
    std::size_t gateways() const { return lines_.size(); }

private:
    struct Line {           // of one gateway
        TimePoint paid_at;  // its replays so far are paid for then
        std::list<Replay> waiting;
        std::unordered_map<std::string, std::list<Replay>::iterator> by_turn;
    };
    using Lines = std::map<std::string, Line, std::less<>>;
    using Order = std::set<std::pair<TimePoint, std::string_view>>;  // by paid_at, with the name

    Duration time_for(std::size_t bytes) const;
    bool may_send(const Line& line, TimePoint now) const;
    // There is a gateway that owes nothing and has nothing waiting: the first of paid_.
    bool has_idle(TimePoint now) const;
    Lines::iterator line_of(const std::string& gateway, TimePoint now);

    const Config& config_;
    Lines lines_;
    Order paid_;  // all lines
    Order due_;   // those with something waiting
    std::size_t waiting_ = 0;
};

}  // namespace emostage::broker
