// How long after a cancel the model server saw its connection close.
//
// The far end's log says whose it was and when, by the millisecond: the figure is the most that it
// can have been. Pure.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <unordered_map>

#include "bench/load/histogram.hpp"

namespace emostage::load {

// `cancels`: trace id and Unix time (µs) of the cancel. `log`: JSON lines, with `trace` and
// `at_ms`; others are skipped.
Histogram close_times(const std::unordered_map<std::string, std::int64_t>& cancels,
                      std::istream& log);

}  // namespace emostage::load
