// A line plot as SVG: a few series over one axis of loads, on linear or logarithmic scales.
//
// Pure. Points that have no finite place (NaN, or not above zero on a logarithmic scale) are left
// out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace emostage::load {

struct Series {
    std::string name;
    std::vector<std::pair<double, double>> points;  // by x
};

struct Plot {
    static constexpr std::size_t series_max = 6;  // one colour each

    std::string title, x_label, y_label;
    bool x_log = false, y_log = false;
    std::vector<Series> series;
    std::optional<double> mark;  // a vertical line at this x …
    std::string mark_label;      // … and what it is
};

// Requires: at most series_max series.
std::string to_svg(const Plot& plot);

}  // namespace emostage::load
