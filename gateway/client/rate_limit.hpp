// A bucket of permits that refills steadily: so many at once, so many a second.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/clock.hpp"

namespace emostage::gateway {

class RateLimit {
public:
    // Requires: both above zero.
    RateLimit(std::uint32_t per_second, std::uint32_t at_once)
        : interval_(std::chrono::nanoseconds(1'000'000'000 / per_second)),
          most_(interval_ * at_once) {}

    // Takes a permit: the moment from which it holds, `now` or later. Those who wait are spread
    // out, each with a moment of its own.
    TimePoint take(TimePoint now) {
        used_until_ = std::max(used_until_, now) + interval_;
        return std::max(now, used_until_ - most_);
    }

private:
    Duration interval_;
    Duration most_;
    TimePoint used_until_{};  // permits are spent up to here
};

}  // namespace emostage::gateway
