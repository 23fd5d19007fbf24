// XXH64 of a reply, as the `completed` event carries it. https://xxhash.com
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::codec {

std::string text_hash(std::string_view text);  // 16 lower-case hex digits, seed 0

}  // namespace emostage::codec
