// Text of clients and models, made fit for prompts and results.
//
// Pure functions over any bytes; what is not UTF-8 becomes U+FFFD. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emostage::worker {

// One line: each run of line breaks becomes `line_break`, each other run of white space one space;
// controls and invisible format characters (zero width, direction, tags) are dropped, but for the
// joiners that scripts and emoji need. No white space at either end.
std::string one_line(std::string_view text, std::string_view line_break = " ");

// The brackets < > [ ] as full-width ones: so text cannot write a mark, nor a model's own control
// token.
std::string without_brackets(std::string_view text);

// At most `chars_max` code points, `bytes_max` bytes; never cut inside a code point, nor before a
// mark that belongs to the last one. `text` is valid UTF-8.
std::string_view cut_chars(std::string_view text, std::size_t chars_max);
std::string_view cut_bytes(std::string_view text, std::size_t bytes_max);

// For comparing names: compatibility forms (full-width letters) and case folded, only letters,
// digits and marks kept. Looks at the first 256 bytes.
std::string folded(std::string_view text);

}  // namespace emostage::worker
