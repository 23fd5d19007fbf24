// How many retries a client may send, as a share of its calls: retries must not double the load of
// endpoints that fail because of it.
//
// A bucket: every call adds a share of a token, every retry takes a whole one. A floor that fills
// with time keeps rare calls retryable. Pure; one thread.
#pragma once

#include "core/clock.hpp"

namespace emostage::llm {

class RetryBudget {
public:
    struct Settings {
        double share = 0.2;  // retries for each call
        double floor = 10;   // tokens that time alone gives back
        double floor_per_second = 1;
        double tokens_max = 100;
    };

    RetryBudget(const Settings& settings, TimePoint now)
        : settings_(settings), tokens_(settings.floor), filled_at_(now) {}

    void on_call(TimePoint now);
    bool take(TimePoint now);  // false: no retry

private:
    void fill(TimePoint now);

    Settings settings_;
    double tokens_;
    TimePoint filled_at_;
};

}  // namespace emostage::llm
