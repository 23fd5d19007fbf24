// Which of the turns that could run is next: gateways take turns, whatever each has waiting.
//
// A gateway of weight 3 gets three turns of the rotation for one of a gateway of weight 1: each
// service moves its gateway on by a step, a round divided by its weight, and the one that is least
// far is next. The rotation stands where the last service was; who comes joins it half a step
// behind: before those that were just served, and yet however many come, nobody waits for all of
// them. Who comes back too soon stands where he stood. Nobody saves up turns while he has none
// waiting.
//
// Only heads of sessions are in it. Each pipeline has a lane, so that turns whose pipeline has no
// free worker do not stand in the way of others. Within a gateway the order is that of
// `virtual_time` = time since which it could run - priority x step: who waits gets ahead of newer
// turns of higher priority in the end, by construction and without a timer. Turns that lost their
// worker go before all rotation: their reader saw them start.
//
// push, erase: O(log n). pop: O(log n) and one look at each lane that waits
// (Config::pipelines_max).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/config.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

struct Turn;

class FairQueue {
public:
    struct Place {
        std::string_view pipeline, gateway;
        TimePoint virtual_time;
        std::uint64_t order;  // of acceptance: unique, breaks ties
        bool retried = false;
    };

    explicit FairQueue(const Config& config) : config_(config) {}

    void push(const Place& place, Turn& turn);
    // Requires: pushed with this place.
    void erase(const Place& place);

    // Takes out the next turn of a lane for which `has_credit` says true; null: there is none.
    Turn* pop(const std::function<bool(const std::string& pipeline)>& has_credit);

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    struct Key {
        TimePoint virtual_time;
        std::uint64_t order;

        auto operator<=>(const Key&) const = default;
    };
    struct Stand {            // in the rotation
        std::uint64_t round;  // how far it is; a million is one round of weight 1
        std::uint64_t stamp;  // of its last service, or of its arrival: unique

        auto operator<=>(const Stand&) const = default;
    };
    struct Gateway;
    struct Lane {
        std::string pipeline;
        std::map<std::uint64_t, Turn*> retried;  // by order
        std::map<Stand, Gateway*> rotation;      // least far first

        bool empty() const { return retried.empty() && rotation.empty(); }
    };
    struct Line {  // what one gateway has in one lane
        Lane* lane;
        std::map<Key, Turn*> turns;
    };
    struct Gateway {
        std::string name;
        Stand stand;
        std::vector<Line> lines;
    };

    Lane& lane(std::string_view pipeline);
    Gateway& gateway(std::string_view name);
    void drop_line_if_empty(Gateway& gateway, std::size_t line);
    void served(Gateway& gateway);
    std::uint64_t step_of(const Gateway& gateway) const;
    static std::size_t line_of(const Gateway& gateway, const Lane& lane);

    std::map<std::string, Lane, std::less<>> lanes_;
    std::map<std::string, Gateway, std::less<>> gateways_;
    std::map<Stand, Gateway*> idle_;  // nothing waits, and not yet forgotten: ahead of the rotation
    const Config& config_;
    std::uint64_t round_ = 0;  // where the rotation stands
    std::uint64_t stamps_ = 0;
    std::size_t size_ = 0;
};

}  // namespace emostage::broker
