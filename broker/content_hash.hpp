// What makes two opens the same turn: 128 bits over session, text, history, locale and pipeline.
//
// XXH3 is not cryptographic: it tells a repeated push from a mistake, it does not keep an enemy
// out. Deadline, priority, `on_busy` and `on_lost` are not content: a gateway may push again with
// less time left.
#pragma once

#include <cstdint>

#include "schemas/command.hpp"

namespace emostage::broker {

struct ContentHash {
    std::uint64_t high = 0, low = 0;

    bool operator==(const ContentHash&) const = default;
};

ContentHash content_hash(const wire::Open& open);

}  // namespace emostage::broker
