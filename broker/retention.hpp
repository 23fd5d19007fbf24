// Ended turns, kept for resume and repeated pushes until their time is over or there are too many.
//
// Bounded by age, number and bytes; the oldest end goes first. Live turns are not in it.
#pragma once

#include <cstdint>
#include <list>
#include <optional>

#include "broker/config.hpp"
#include "broker/turn.hpp"

namespace emostage::broker {

class Retention {
public:
    explicit Retention(const Config& config) : config_(config) {}

    void add(Turn& turn);  // it has just ended
    void recount(Turn& turn);  // its events have been unpacked
    void remove(Turn& turn);

    Turn* overdue(TimePoint now) const;  // the oldest, if it is too old
    Turn* surplus() const;               // the oldest, if there is too much
    std::optional<TimePoint> next() const;

    std::size_t turns() const { return turns_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    static std::size_t cost(const Turn& turn);

    const Config& config_;
    std::list<Turn*> turns_;  // by ended_at
    std::size_t bytes_ = 0;
};

}  // namespace emostage::broker
