#include "gateway/client/reply_check.hpp"

#include <xxhash.h>

#include <cassert>
#include <new>

#include "core/codec/hash.hpp"

namespace emostage::gateway {

namespace {

std::string hex(std::uint64_t number) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (auto at = text.rbegin(); at != text.rend(); ++at, number >>= 4) *at = digits[number & 15];
    return text;
}

}  // namespace

void ReplyCheck::Free::operator()(XXH64_state_s* state) const { XXH64_freeState(state); }

void ReplyCheck::add(std::string_view text) {
    if (!state_) {
        state_.reset(XXH64_createState());
        if (!state_) throw std::bad_alloc();
        XXH64_reset(state_.get(), 0);
    }
    XXH64_update(state_.get(), text.data(), text.size());
    bytes_ += text.size();
}

void ReplyCheck::reset() {
    state_.reset();
    bytes_ = 0;
}

bool ReplyCheck::confirms(const wire::Completed& completed) const {
    if (completed.text_bytes != bytes_) return false;
    return completed.text_hash ==
           (state_ ? hex(XXH64_digest(state_.get())) : codec::text_hash(std::string_view{}));
}

}  // namespace emostage::gateway
