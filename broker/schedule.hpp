// Turns by a time, earliest first; ties in order of acceptance, so that a run repeats exactly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "broker/turn.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

class Schedule {
public:
    void add(TimePoint at, Turn& turn) { turns_.emplace(std::pair(at, turn.order), &turn); }
    // `at` as it was added.
    void remove(TimePoint at, const Turn& turn) { turns_.erase({at, turn.order}); }

    std::optional<TimePoint> next() const {
        if (turns_.empty()) return std::nullopt;
        return turns_.begin()->first.first;
    }
    // The earliest at or before `now`, or null. It stays until removed.
    Turn* due(TimePoint now) const {
        if (turns_.empty() || turns_.begin()->first.first > now) return nullptr;
        return turns_.begin()->second;
    }
    std::size_t size() const { return turns_.size(); }

private:
    std::map<std::pair<TimePoint, std::uint64_t>, Turn*> turns_;
};

}  // namespace emostage::broker
