// How many turns end per second, over the last ten: what `retry_after_ms` and admission estimate
// with.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/clock.hpp"

namespace emostage::broker {

class RateMeter {
public:
    void count(TimePoint now);

    // How long `turns` would take at the measured rate. Nothing: no turn ended lately.
    std::optional<milliseconds> time_for(std::uint64_t turns, TimePoint now) const;

private:
    struct Bucket {
        std::int64_t second = -1;
        std::uint64_t ended = 0;
    };
    static constexpr std::int64_t window_s = 10;

    std::array<Bucket, window_s> buckets_;
    std::optional<TimePoint> first_;  // of an unbroken measurement
};

}  // namespace emostage::broker
