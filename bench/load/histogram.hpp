// How often which duration was measured: log-linear counts of a fixed size, 3 MB at most.
//
// As https://hdrhistogram.github.io/HdrHistogram: durations up to 32 µs have a count of their own
// for each nanosecond, above that each power of two has 16,384, so that 20 µs that were added to
// 700 ms still show. Longer than `longest`: counted there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/clock.hpp"

namespace emostage::load {

class Histogram {
public:
    static constexpr unsigned step_bits = 14;   // counts for each power of two
    static constexpr unsigned value_bits = 38;  // of nanoseconds: 4.5 minutes
    static constexpr std::chrono::nanoseconds longest{(std::int64_t{1} << value_bits) - 1};

    // Below zero counts as zero.
    void add(Duration value, std::uint64_t times = 1);
    void add(const Histogram& other);

    std::uint64_t count() const { return count_; }
    std::chrono::nanoseconds most() const { return most_; }  // exactly; zero where nothing is

    // The value below or at which `percent` of all lie (the middle of its count); zero where
    // nothing is. Requires: 0 <= percent <= 100.
    std::chrono::nanoseconds percentile(double percent) const;

private:
    static std::size_t place(std::uint64_t value);
    static std::uint64_t middle(std::size_t place);

    std::vector<std::uint64_t> counts_;  // empty until there is something
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds most_{};
};

}  // namespace emostage::load
