#include "core/llm/retry_budget.hpp"

#include <algorithm>

namespace emostage::llm {

void RetryBudget::fill(TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    filled_at_ = std::max(filled_at_, now);
    if (seconds <= 0 || tokens_ >= settings_.floor) return;
    tokens_ = std::min(settings_.floor, tokens_ + seconds * settings_.floor_per_second);
}

void RetryBudget::on_call(TimePoint now) {
    fill(now);
    tokens_ = std::min(settings_.tokens_max, tokens_ + settings_.share);
}

bool RetryBudget::take(TimePoint now) {
    fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

}  // namespace emostage::llm
