// JSON as models write it, mended to JSON as the standard has it.
//
// Mended: trailing commas, single, curly and full-width quotes, quotes and line breaks inside
// strings, words without quotes, Python's True/False/None, comments, full-width punctuation, end
// brackets that are missing at the end. Valid JSON keeps its meaning. One pass, no recursion; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emostage::worker {

struct LooseObject {
    std::string json;            // empty: no object; else to be parsed, its brackets match
    std::size_t bytes_read = 0;  // of the text, whether there was an object or not
};

// `text` begins with `{`. No object: brackets that do not match, a string without end, more than
// `depth_max` lists and objects inside one another, more than `values_max` values (keys count).
LooseObject read_loose_object(std::string_view text, std::size_t depth_max, std::size_t values_max);

}  // namespace emostage::worker
