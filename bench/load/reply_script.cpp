#include "bench/load/reply_script.hpp"

#include <cassert>

#include "bench/rehearsal/tokens.hpp"

namespace emostage::load {

namespace {

constexpr std::string_view filling = "abcdefgh";

std::string numbered_reply(std::size_t token_bytes) {
    std::string reply;
    for (std::size_t i = 0; i < ReplyScript::numbered_tokens_max; ++i) {
        std::string token = std::to_string(i);
        token = " w" + std::string(3 - token.size(), '0') + token;
        while (token.size() < token_bytes) token += filling[token.size() % filling.size()];
        reply += token;
    }
    return reply.substr(1);  // a worker drops the blank that a reply begins with
}

}  // namespace

ReplyScript::ReplyScript(FarEnd far_end, std::size_t token_bytes)
    : far_end_(far_end), token_bytes_(token_bytes) {
    assert(token_bytes >= numbered_bytes_min);
    if (far_end == FarEnd::numbered) numbered_ = numbered_reply(token_bytes);
}

ReplyScript::Piece ReplyScript::read(std::uint64_t before, std::string_view text) const {
    if (far_end_ == FarEnd::unknown) return {1, true};
    if (far_end_ == FarEnd::rehearsal) return {rehearsal::cut_into_tokens(text).count(), true};
    const std::size_t tokens = static_cast<std::size_t>((before + text.size() + 1) / token_bytes_ -
                                                        (before + 1) / token_bytes_);
    const bool right = before + text.size() <= numbered_.size() &&
                       std::string_view(numbered_).substr(before, text.size()) == text;
    return {tokens, right};
}

}  // namespace emostage::load
