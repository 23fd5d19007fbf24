// A text cut into what a model would send one by one: a word with the space before it, one or two
// characters of Japanese or Chinese.
//
// Pure; works on any bytes, and never cuts inside a valid character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::rehearsal {

// Token i is text[ends[i - 1], ends[i]).
struct Tokens {
    std::string text;
    std::vector<std::uint32_t> ends;

    std::size_t count() const { return ends.size(); }
    std::string_view operator[](std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : ends[i - 1];
        return std::string_view(text).substr(begin, ends[i] - begin);
    }
    void add(std::string_view token) {
        text += token;
        ends.push_back(static_cast<std::uint32_t>(text.size()));
    }
};

Tokens cut_into_tokens(std::string_view text);

// Exactly `count` tokens: the first ones, or all and then the reply over again, each time from one
// token later on: a text that began again as it began could not be told from a repeated beginning.
// Requires: `count` at least 1. An empty text becomes dots.
Tokens fit_tokens(const Tokens& tokens, std::size_t count);

// What follows `begun` in a text that begins with it, else nothing: one empty token.
Tokens tokens_after(const Tokens& tokens, std::string_view begun);

// As the inside of a JSON string; bytes from 0x80 stay as they are, valid UTF-8 or not.
void append_json_escaped(std::string& out, std::string_view text);
Tokens json_escaped(const Tokens& tokens);

}  // namespace emostage::rehearsal
