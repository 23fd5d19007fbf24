#include "core/codec/hash.hpp"

#include <xxhash.h>

namespace emostage::codec {

std::string text_hash(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    auto value = static_cast<std::uint64_t>(XXH64(text.data(), text.size(), 0));
    std::string hex(16, '0');
    for (std::size_t i = hex.size(); i-- > 0; value >>= 4) hex[i] = digits[value & 0xf];
    return hex;
}

}  // namespace emostage::codec
