// What is in a journal, for the person who looks after it: numbers, sizes and times, never what was
// said and never who said it.
//
// Reads DIR while a broker writes it, at rest, after a kill and as a copy, and creates and changes
// nothing: no file of SQLite's either.
#pragma once

#include <chrono>
#include <string>

#include "core/result.hpp"

namespace emostage::broker {

// A reader keeps the write-ahead log from being written over: a longer look is given up.
inline constexpr std::chrono::seconds inspection_max{30};

// Aligned lines of text; `unix_ms` is now. Errc::io, with what to do.
Result<std::string> inspect_journal(const std::string& directory, std::int64_t unix_ms);

}  // namespace emostage::broker
