// The fixed scripts of turns whose instructions are counted.
//
// All are the same but for the tokens of a reply and how many of them are ready at once, and so are
// one delta: their differences say what one token costs. In each, one turn of `rare` is cancelled
// in the middle of its reply and another one asked for again from its beginning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.hpp"

namespace emostage::gate {

struct Script {
    std::string_view name;
    std::size_t tokens;  // of each reply
    std::size_t merged;  // of these into one delta; above 1: those of all turns are ready at once
};

inline constexpr std::array scripts{
    Script{"paced", 64, 1},
    Script{"short", 16, 1},
    Script{"merged", 64, 8},
};

inline constexpr std::size_t in_flight = 64;
inline constexpr std::size_t waves = 2;  // of as many turns
inline constexpr std::size_t turns = waves * in_flight;
inline constexpr std::size_t rare = 16;
inline constexpr std::size_t disturbed_after = 8;  // tokens: then comes the cancel, or the resume
inline constexpr milliseconds gap{10};             // between a reply's deltas
inline constexpr milliseconds analysis{50};
inline constexpr milliseconds between_waves{500};  // all that waits to be stored is
inline constexpr std::uint64_t seed = 4;

inline constexpr Now start_of_time{TimePoint(std::chrono::hours(1)), 1'700'000'000'000};

inline bool is_cancelled(std::size_t turn) { return turn % rare == 5; }
inline bool is_resumed(std::size_t turn) { return turn % rare == 11; }

// As long as a UUID.
inline std::string turn_id(std::size_t turn) {
    std::string digits = std::to_string(turn);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}
// Every second turn brings its history; the others go on with their session's.
inline bool brings_history(std::size_t turn) { return turn % 2 == 0; }
inline std::string session_id(std::size_t turn) {
    return "session-" + std::to_string(turn % in_flight);
}

// What has happened, to be divided by, and to be sure that it has.
struct Counts {
    std::size_t turns = 0, completed = 0, cancelled = 0, tokens = 0, deltas = 0, replays = 0;

    bool operator==(const Counts&) const = default;
};

}  // namespace emostage::gate
