// A stage's result in words for a person: feelings with their strength, needs, the phase.
//
// Results are the model's: unknown names are shown as they are, cleaned and cut; unknown fields of
// other pipelines as `name: value`. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/chat/words.hpp"
#include "schemas/event.hpp"

namespace emostage::chat {

inline constexpr std::size_t stage_lines_max = 8;
inline constexpr std::size_t stage_value_characters_max = 80;

struct StageLines {
    std::vector<std::string> lines;
    std::string warning;  // where the stage saw a danger; else empty
};

StageLines stage_lines(Tongue tongue, const wire::Stage& stage);

// "perspective" or "phase.confidence" as a person says it.
std::string stage_name(Tongue tongue, std::string_view stage);

}  // namespace emostage::chat
