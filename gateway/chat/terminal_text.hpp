// Text from elsewhere, made fit for a terminal, and how much room it takes there.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emostage::chat {

// Without anything that a terminal would obey: control characters (but for line feed and tab),
// escape sequences' first bytes, and marks that turn the direction of text around. What is not
// UTF-8 becomes U+FFFD. Needs no memory of what came before: it works piece by piece.
std::string clean(std::string_view text);

// As clean(), on one line and no longer than `characters_max` (cut with an ellipsis).
std::string clean_line(std::string_view text, std::size_t characters_max);

bool is_utf8(std::string_view text);

// On how many lines below its first the cursor stands after `text`, which began in the first column
// of a terminal of `columns`. East Asian wide characters take two.
std::size_t lines_below(std::string_view text, std::size_t columns);

}  // namespace emostage::chat
