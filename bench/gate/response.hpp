// The bytes of a model server's responses in the scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/rehearsal/tokens.hpp"

namespace emostage::gate {

std::string whole_response(std::string_view text, std::size_t tokens);

// Of a stream, in order: one piece for `merged` tokens, the role before the first; then what ends
// it.
std::vector<std::string> streamed_response(const rehearsal::Tokens& tokens, std::size_t merged);

}  // namespace emostage::gate
