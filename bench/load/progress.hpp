// How far a measurement is, in one line for a person.
//
// Pure. On a terminal the line is drawn again and again; elsewhere only what came of it is told.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/row.hpp"
#include "core/clock.hpp"

namespace emostage::load {

inline constexpr std::size_t bar_width = 24;

// `[######··················]`; `done` is cut to 0…1.
std::string progress_bar(double done);

struct Progress {
    std::string what;  // "closed 64"
    Duration passed{}, whole{};
    std::uint64_t completed = 0, in_flight = 0, rejected = 0;
};

// Clears the line that was drawn.
inline constexpr const char* no_line = "\r\x1b[K";

// Without a line feed; takes the place of what was drawn before.
std::string progress_line(const Progress& progress);

// What a measurement came to, in short, without a line feed.
std::string outcome_line(const Row& row);

}  // namespace emostage::load
