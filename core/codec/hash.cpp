#include "core/codec/hash.hpp"

#include <xxhash.h>

#include <new>

namespace emostage::codec {

namespace {

std::string to_hex(std::uint64_t value) {
    constexpr char digits[] = "0123456789abcdef";
    std::string hex(16, '0');
    for (std::size_t i = hex.size(); i-- > 0; value >>= 4) hex[i] = digits[value & 0xf];
    return hex;
}

}  // namespace

std::string text_hash(std::string_view text) { return to_hex(XXH64(text.data(), text.size(), 0)); }

void TextHasher::Free::operator()(XXH64_state_s* state) const { XXH64_freeState(state); }

TextHasher::TextHasher() : state_(XXH64_createState()) {
    if (!state_) throw std::bad_alloc();
    reset();
}

void TextHasher::append(std::string_view text) {
    XXH64_update(state_.get(), text.data(), text.size());
    bytes_ += text.size();
}

void TextHasher::reset() {
    XXH64_reset(state_.get(), 0);
    bytes_ = 0;
}

std::string TextHasher::hash() const { return to_hex(XXH64_digest(state_.get())); }

}  // namespace emostage::codec
