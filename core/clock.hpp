// Time comes in from outside: machines get a `Now`, shells make one per loop turn.
#pragma once

#include <chrono>
#include <cstdint>

namespace emostage {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;
using std::chrono::milliseconds;

// `steady` for every decision, `unix_ms` only to be shown to people.
struct Now {
    TimePoint steady{};
    std::int64_t unix_ms = 0;
};

inline Now now() {
    return {Clock::now(), std::chrono::duration_cast<milliseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count()};
}

inline std::int64_t to_ms(Duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); }

}  // namespace emostage
