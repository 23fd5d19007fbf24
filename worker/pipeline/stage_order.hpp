// An order in which each stage comes after what it waits for. Used at start only.
#pragma once

#include <cstddef>
#include <vector>

namespace emostage::worker {

struct StageOrder {
    std::vector<std::size_t> order;  // indices; stages that are free of each other keep their order
    std::vector<std::size_t> cycle;  // not empty: there is no order; each waits for the next one
};

// `after[i]`: the indices that stage i waits for.
StageOrder order_stages(const std::vector<std::vector<std::size_t>>& after);

}  // namespace emostage::worker
