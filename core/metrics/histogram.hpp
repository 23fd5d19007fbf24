// How often a measured value was in which range: fixed bounds, a count for each, and the sum.
//
// observe() allocates nothing and takes no lock; one thread owns a histogram, others get copies,
// and those of several shards are merged. Bounds are the upper ends of the ranges, ascending, in
// the metric's base unit (seconds, bytes); what is more than the last one counts too. They are a
// constant of the program and outlive every histogram.
#pragma once

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace emostage::metrics {

using Bounds = std::span<const double>;

class Histogram {
public:
    static constexpr std::size_t bounds_max = 20;

    // Requires: 1 to bounds_max bounds.
    explicit Histogram(Bounds bounds) : bounds_(bounds) {
        assert(!bounds.empty() && bounds.size() <= bounds_max);
    }

    void observe(double value) {
        std::size_t at = 0;
        while (at < bounds_.size() && value > bounds_[at]) ++at;
        ++counts_[at];
        sum_ += value;
    }
    // Clocks of others may run backwards: that counts as no time.
    template <class Rep, class Period>
    void observe(std::chrono::duration<Rep, Period> value) {
        const double seconds = std::chrono::duration<double>(value).count();
        observe(seconds > 0 ? seconds : 0.0);
    }

    // Requires: the same bounds.
    void merge(const Histogram& other) {
        assert(bounds_.data() == other.bounds_.data());
        for (std::size_t i = 0; i <= bounds_.size(); ++i) counts_[i] += other.counts_[i];
        sum_ += other.sum_;
    }

    Bounds bounds() const { return bounds_; }
    double sum() const { return sum_; }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (std::size_t i = 0; i <= bounds_.size(); ++i) all += counts_[i];
        return all;
    }
    // Of the range that ends at bounds()[at]; at == bounds().size(): of what is more.
    std::uint64_t count_in(std::size_t at) const { return counts_[at]; }

private:
    Bounds bounds_;
    std::array<std::uint64_t, bounds_max + 1> counts_{};
    double sum_ = 0;
};

}  // namespace emostage::metrics
