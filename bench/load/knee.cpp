#include "bench/load/knee.hpp"

namespace emostage::load {

std::optional<std::size_t> find_knee(const std::vector<LoadPoint>& points) {
    std::optional<std::size_t> best;
    double most = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!(points[i].throughput > 0 && points[i].latency > 0)) continue;
        const double power = points[i].throughput / points[i].latency;
        if (power > most) {
            most = power;
            best = i;
        }
    }
    return best;
}

}  // namespace emostage::load
