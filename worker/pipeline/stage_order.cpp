#include "worker/pipeline/stage_order.hpp"

#include <algorithm>

namespace emostage::worker {
namespace {

// Each stage that is left waits for one that is left: going from one to the next must come back.
std::vector<std::size_t> find_cycle(const std::vector<std::vector<std::size_t>>& after,
                                    const std::vector<bool>& placed) {
    std::vector<std::size_t> path;
    std::size_t at =
        static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    while (std::find(path.begin(), path.end(), at) == path.end()) {
        path.push_back(at);
        at = *std::find_if(after[at].begin(), after[at].end(),
                           [&](std::size_t before) { return !placed[before]; });
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), at));
    return path;
}

}  // namespace

StageOrder order_stages(const std::vector<std::vector<std::size_t>>& after) {
    StageOrder out;
    std::vector<bool> placed(after.size(), false);
    while (out.order.size() < after.size()) {
        std::size_t next = after.size();
        for (std::size_t i = 0; i < after.size() && next == after.size(); ++i) {
            const bool ready = std::all_of(after[i].begin(), after[i].end(),
                                           [&](std::size_t before) { return placed[before]; });
            if (!placed[i] && ready) next = i;
        }
        if (next == after.size()) {
            out.cycle = find_cycle(after, placed);
            return out;
        }
        placed[next] = true;
        out.order.push_back(next);
    }
    return out;
}

}  // namespace emostage::worker
