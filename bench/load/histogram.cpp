#include "bench/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace emostage::load {

namespace {

constexpr std::size_t places = std::size_t{Histogram::value_bits - Histogram::step_bits + 1}
                               << Histogram::step_bits;

// By how many bits a value is cut.
unsigned cut(std::uint64_t value) {
    const auto bits = static_cast<unsigned>(std::bit_width(value));
    return bits > Histogram::step_bits + 1 ? bits - Histogram::step_bits - 1 : 0;
}

}  // namespace

std::size_t Histogram::place(std::uint64_t value) {
    const unsigned by = cut(value);
    return (std::size_t{by} << step_bits) + static_cast<std::size_t>(value >> by);
}

std::uint64_t Histogram::middle(std::size_t place) {
    if (place < (std::size_t{2} << step_bits)) return place;
    const std::size_t by = (place >> step_bits) - 1;
    const std::uint64_t first = std::uint64_t{place - (by << step_bits)} << by;
    return first + (std::uint64_t{1} << by) / 2;
}

void Histogram::add(Duration value, std::uint64_t times) {
    if (times == 0) return;
    if (counts_.empty()) counts_.resize(places);
    const auto exact = std::clamp(std::chrono::nanoseconds(value), {}, longest);
    counts_[place(static_cast<std::uint64_t>(exact.count()))] += times;
    count_ += times;
    most_ = std::max(most_, exact);
}

void Histogram::add(const Histogram& other) {
    if (other.counts_.empty()) return;
    if (counts_.empty()) counts_.resize(places);
    for (std::size_t i = 0; i < places; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    most_ = std::max(most_, other.most_);
}

std::chrono::nanoseconds Histogram::percentile(double percent) const {
    assert(percent >= 0 && percent <= 100);
    if (count_ == 0) return {};
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * percent / 100);
    if (wanted >= count_ - 1) return most_;
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < places; ++i) {
        passed += counts_[i];
        if (passed > wanted) {
            return std::min(most_, std::chrono::nanoseconds(static_cast<std::int64_t>(middle(i))));
        }
    }
    return most_;
}

}  // namespace emostage::load
