#include "core/llm/hedge.hpp"

#include <algorithm>

namespace emostage::llm {
namespace {

constexpr std::uint64_t one_hedge = 100;  // percent of a call

}  // namespace

void Hedge::on_call() {
    ++status_.calls;
    saved_percent_ =
        std::min(saved_percent_ + settings_.extra_calls_max_percent, saved_max * one_hedge);
}

void Hedge::on_first_content(Duration after) {
    if (settings_.after_percentile == 0) return;
    if (newest_.size() < window) {
        newest_.push_back(after);
    } else {
        newest_[next_] = after;
    }
    next_ = (next_ + 1) % window;
}

std::optional<Duration> Hedge::delay() const {
    if (settings_.after_percentile == 0 || newest_.size() < samples_min) return std::nullopt;
    auto sorted = newest_;
    const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(
                                            sorted.size() * settings_.after_percentile / 100);
    std::nth_element(sorted.begin(), place, sorted.end());
    return std::max<Duration>(*place, settings_.min_delay);
}

bool Hedge::take() {
    if (saved_percent_ < one_hedge) return false;
    saved_percent_ -= one_hedge;
    ++status_.hedged;
    return true;
}

}  // namespace emostage::llm
