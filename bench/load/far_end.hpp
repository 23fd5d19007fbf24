// The pace of the model server that a load is measured against, and what would be ideal with it.
#pragma once

#include <cstdint>

#include "core/clock.hpp"

namespace emostage::load {

struct Pace {
    milliseconds first_token{50};
    milliseconds between_tokens{10};
    std::uint64_t reply_tokens = 64;
    std::uint64_t analysis_tokens = 60;  // of the longest analysis, which comes whole

    Duration analysis() const {
        return first_token + between_tokens * static_cast<std::int64_t>(analysis_tokens - 1);
    }
    // From a turn's start to its first token, where nothing is added.
    Duration ideal_first() const { return analysis() + first_token; }
    Duration ideal_turn() const {
        return ideal_first() + between_tokens * static_cast<std::int64_t>(reply_tokens - 1);
    }
};

}  // namespace emostage::load
