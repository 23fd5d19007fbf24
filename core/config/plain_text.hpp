// Texts of an operator's own that people are to read: names, help lines.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.hpp"

namespace emostage::config {

// Errc::config for more than `bytes_max`, and for control characters; `lines`: but for line breaks.
Result<void> check_text(std::string_view text, std::size_t bytes_max, bool lines);

}  // namespace emostage::config
