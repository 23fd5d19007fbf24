// Drops what a reasoning model thinks aloud before its answer: `<think>…</think>` (or `<thinking>`)
// at the start, and the white space around it, so that an answer begins with its first visible
// character.
//
// Pure and streaming: tags may be split over any pieces; at most a tag's length is held back. A
// block that never closes swallows the rest: the answer is then empty. Tags later in the text are
// text. The bytes need not be UTF-8. Case of the tags does not matter.
//
// The first character of an answer that is continued may be a space: it is kept there, but for the
// lines after a block (a template's, empty where reasoning is off).
// https://github.com/ggml-org/llama.cpp/issues/21511
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::llm {

class ReasoningFilter {
public:
    static constexpr std::size_t held_bytes_max = 11;   // "</thinking>"
    static constexpr std::size_t space_bytes_max = 64;  // that is kept

    explicit ReasoningFilter(bool keeps_space = false) : keeps_space_(keeps_space) {}

    // Append to `out`.
    void push(std::string_view bytes, std::string& out);
    void finish(std::string& out);  // what was held back and is no tag

    void reset();

    bool thinking() const { return state_ == State::thinking; }

private:
    enum class State : std::uint8_t { start, thinking, answer };

    std::size_t read_start(std::string_view bytes, std::string& out);
    std::size_t read_thinking(std::string_view bytes);

    void skip_space(std::string_view space);

    const bool keeps_space_;
    State state_ = State::start;
    std::string space_;  // before the answer, where it is kept
    bool after_block_ = false;
    std::string held_;  // may be the beginning of a tag, or of a wide space
};

}  // namespace emostage::llm
