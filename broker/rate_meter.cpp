#include "broker/rate_meter.hpp"

#include <algorithm>

namespace emostage::broker {
namespace {

std::int64_t second_of(TimePoint at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

}  // namespace

void RateMeter::count(TimePoint now) {
    const auto second = second_of(now);
    const bool idle = std::none_of(buckets_.begin(), buckets_.end(), [&](const Bucket& bucket) {
        return bucket.ended && bucket.second > second - window_s;
    });
    if (idle) first_ = now;
    auto& bucket = buckets_[static_cast<std::size_t>(second % window_s)];
    if (bucket.second != second) bucket = {second, 0};
    ++bucket.ended;
}

std::optional<milliseconds> RateMeter::time_for(std::uint64_t turns, TimePoint now) const {
    const auto second = second_of(now);
    std::uint64_t ended = 0;
    for (const auto& bucket : buckets_) {
        if (bucket.second > second - window_s) ended += bucket.ended;
    }
    if (!ended) return std::nullopt;
    // At least a second: the first few ends say little about the rate.
    const auto measured = std::clamp<std::int64_t>(to_ms(now - *first_), 1'000, window_s * 1'000);
    return milliseconds(static_cast<std::int64_t>(
        static_cast<double>(turns) * static_cast<double>(measured) / static_cast<double>(ended)));
}

}  // namespace emostage::broker
