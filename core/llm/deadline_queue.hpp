// Whose time has come, for many owners whose deadlines move with every token.
//
// Lazy: a deadline that moves later costs one comparison; the owner is looked at when its old one
// passes, and filed anew. So there is one timer for all and none is set per token. Pure; one
// thread.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/clock.hpp"

namespace emostage::llm {

class DeadlineQueue {
public:
    using Owner = std::uint64_t;

    void set(Owner owner, TimePoint deadline);
    void remove(Owner owner);

    // TimePoint::max(): nobody waits. May be earlier than any deadline, never later.
    TimePoint next() const { return filed_.empty() ? TimePoint::max() : filed_.begin()->first; }

    // One owner whose deadline has passed, and removes it; 0: there is none (yet).
    Owner take_due(TimePoint now);

    std::size_t size() const { return owners_.size(); }

private:
    struct Times {
        TimePoint deadline;
        TimePoint filed;  // never later than the deadline
    };

    std::set<std::pair<TimePoint, Owner>> filed_;
    std::unordered_map<Owner, Times> owners_;
};

}  // namespace emostage::llm
