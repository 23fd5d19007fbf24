// Bounds how often one kind of line is logged: what anybody outside can provoke must not fill a
// disk.
//
// A pure count per window: callers pass `now`. One thread.
#pragma once

#include <cstdint>

#include "core/clock.hpp"

namespace emostage::log {

class Throttle {
public:
    constexpr explicit Throttle(std::uint32_t lines_max = 5, Duration window = milliseconds(1000))
        : lines_max_(lines_max), window_(window) {}

    // True: log this one.
    bool pass(TimePoint now) {
        if (!started_ || now - window_began_ >= window_) {
            started_ = true;
            window_began_ = now;
            passed_ = 0;
        }
        if (passed_ < lines_max_) {
            ++passed_;
            return true;
        }
        ++withheld_;
        return false;
    }

    // How many were not logged since this was asked last: a field of the next line.
    std::uint64_t take_withheld() {
        const std::uint64_t withheld = withheld_;
        withheld_ = 0;
        return withheld;
    }

private:
    std::uint32_t lines_max_;
    Duration window_;
    TimePoint window_began_{};
    bool started_ = false;
    std::uint32_t passed_ = 0;
    std::uint64_t withheld_ = 0;
};

}  // namespace emostage::log
