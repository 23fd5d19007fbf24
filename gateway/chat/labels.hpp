// The closed label sets of our pipelines, in three languages.
#pragma once

#include <string_view>

#include "gateway/chat/words.hpp"

namespace emostage::chat {

// Feelings, needs and stages; empty where the name is not known.
std::string_view label(Tongue tongue, std::string_view name);

std::string_view phase_label(Tongue tongue, std::string_view name);

}  // namespace emostage::chat
