// Simulated time and what will happen in it. What is set for the same moment happens in the order
// in which it was set.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "core/clock.hpp"

namespace emostage::sim {

class Timeline {
public:
    using Action = std::function<void()>;

    TimePoint now() const { return now_; }

    // A moment that is over: now, after all that is already set for now.
    void at(TimePoint when, Action action) {
        actions_.emplace(std::pair(std::max(when, now_), ++numbered_), std::move(action));
    }
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    // Does the next thing until `end`, inclusive. False: there is none, and it is `end` now.
    bool step(TimePoint end) {
        if (actions_.empty() || actions_.begin()->first.first > end) {
            now_ = end;
            return false;
        }
        auto next = actions_.extract(actions_.begin());
        now_ = next.key().first;
        next.mapped()();
        return true;
    }

private:
    TimePoint now_{};
    std::uint64_t numbered_ = 0;
    std::map<std::pair<TimePoint, std::uint64_t>, Action> actions_;
};

}  // namespace emostage::sim
