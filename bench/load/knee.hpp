// Where a system's load is best chosen: the point with the most throughput for its latency.
//
// "Power" after Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in
// computer communications" (1979): throughput divided by delay is greatest at the knee. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace emostage::load {

struct LoadPoint {
    double throughput = 0;
    double latency = 0;
};

// The index of the knee; nothing where no point has a throughput and a latency above zero.
std::optional<std::size_t> find_knee(const std::vector<LoadPoint>& points);

}  // namespace emostage::load
