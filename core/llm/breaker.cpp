#include "core/llm/breaker.hpp"

#include <algorithm>
#include <bit>

namespace emostage::llm {

bool Breaker::allows(TimePoint now) const {
    switch (state_) {
        case BreakerState::closed:
            return true;
        case BreakerState::open:
            return now >= probe_at_;
        case BreakerState::half_open:
            return !probing_;
    }
    return false;
}

bool Breaker::begin(TimePoint) {
    if (state_ == BreakerState::closed) return false;
    state_ = BreakerState::half_open;
    probing_ = true;
    return true;
}

void Breaker::remember(bool failure) {
    const std::uint64_t mask =
        settings_.window >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << settings_.window) - 1;
    outcomes_ = ((outcomes_ << 1) | (failure ? 1 : 0)) & mask;
    failures_in_a_row_ = failure ? failures_in_a_row_ + 1 : 0;
}

void Breaker::open(TimePoint now) {
    state_ = BreakerState::open;
    probing_ = false;
    probe_at_ = now + open_for_;
    open_for_ = std::min(open_for_ * 2, settings_.open_max);
}

void Breaker::succeeded(bool probe) {
    if (probe) {
        state_ = BreakerState::closed;
        probing_ = false;
        open_for_ = settings_.open_first;
        outcomes_ = 0;
        failures_in_a_row_ = 0;
    } else if (state_ == BreakerState::closed) {
        remember(false);
    }
}

void Breaker::failed(bool probe, TimePoint now) {
    if (probe) {
        open(now);
        return;
    }
    if (state_ != BreakerState::closed) return;  // of a call from before it opened
    remember(true);
    if (failures_in_a_row_ >= settings_.failures_in_a_row_max ||
        std::popcount(outcomes_) >= settings_.window_failures_max) {
        open(now);
    }
}

void Breaker::abandoned(bool probe) {
    if (probe) probing_ = false;
}

}  // namespace emostage::llm
