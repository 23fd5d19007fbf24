// The name that somebody probably meant: for messages about unknown keys, stages, labels.
//
// Pure functions; any thread. Only the first 64 bytes of a name are compared.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace emostage::config {

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other; ASCII
// case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that is nearest to `word`, the first of equals; empty when all are too far away to
// have been meant (more than a third of the longer name, but one edit is always near).
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

// The name in quotes, as messages show names that come from outside: at most 64 bytes, no controls.
std::string in_quotes(std::string_view name);

// `; did you mean "x"?`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace emostage::config
