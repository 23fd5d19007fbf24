#include "core/llm/breaker.hpp"

#include <algorithm>

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

void Breaker::remember(bool failure, std::size_t running) {
    if (outcomes_ >= 2 * std::max(settings_.window, running)) {
        outcomes_ /= 2;
        failures_ /= 2;
    }
    ++outcomes_;
    failures_ += failure ? 1 : 0;
    failures_in_a_row_ = failure ? failures_in_a_row_ + 1 : 0;
}

void Breaker::open(TimePoint now) {
    state_ = BreakerState::open;
    ++opens_;
    probing_ = false;
    probe_at_ = now + open_for_;
    open_for_ = std::min(open_for_ * 2, settings_.open_max);
}

void Breaker::succeeded(bool probe, std::size_t running) {
    if (probe) {
        state_ = BreakerState::closed;
        probing_ = false;
        open_for_ = settings_.open_first;
        outcomes_ = failures_ = failures_in_a_row_ = 0;
    } else if (state_ == BreakerState::closed) {
        remember(false, running);
    }
}

void Breaker::failed(bool probe, std::size_t running, TimePoint now) {
    if (probe) {
        open(now);
        return;
    }
    if (state_ != BreakerState::closed) return;  // of a call from before it opened
    remember(true, running);
    const std::size_t row =
        std::max(settings_.failures_in_a_row_max, running / settings_.crowd_share);
    const bool enough = outcomes_ >= std::max(settings_.window, running);
    if (failures_in_a_row_ >= row || (enough && 2 * failures_ >= outcomes_)) open(now);
}

void Breaker::abandoned(bool probe) {
    if (probe) probing_ = false;
}

}  // namespace emostage::llm
