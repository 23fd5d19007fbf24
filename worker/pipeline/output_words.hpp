// The words of typed outputs: labels in all spellings, numbers in all widths, and what to say when
// a field was not what it should be. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/pipeline/output.hpp"

namespace emostage::worker {

// Makes `word` mean the label at `index`, however it is spelled. False: it means another one
// already, or has no letters.
bool add_meaning(Field& field, std::string_view word, std::size_t index);

// The label that is meant (by Field::meanings): its id or one of its words, whatever its case,
// width, spaces, underscores and hyphens; what follows in brackets or after a mark is ignored
// ("exploring (still)").
std::optional<std::size_t> find_label(const Field& field, std::string_view said);

// "３" and " 3 " are "3"; only digits, sign, point and exponent are left, else empty.
std::string narrow_number(std::string_view text);

// Parts between commas (of any script), semicolons, slashes and lines; at most answer_values_max.
std::vector<std::string> split_words(std::string_view text);

// One of "a" | "b"; whole number from 1 to 3; list of at most 3: {…}
std::string expected(const Field& field);

}  // namespace emostage::worker
