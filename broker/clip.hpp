// The beginning of a UTF-8 text, cut at a character's border.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emostage::broker {

inline std::string clipped(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string(text);
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string(text.substr(0, end));
}

}  // namespace emostage::broker
