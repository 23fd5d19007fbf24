// Drops what a reasoning model thinks aloud before its answer: `<think>…</think>` (or `<thinking>`)
// at the start, and the white space around it, so that an answer begins with its first visible
// character.
//
// Pure and streaming: tags may be split over any pieces; at most a tag's length is held back. A
// block that never closes swallows the rest: the answer is then empty. Tags later in the text are
// text. The bytes need not be UTF-8. Case of the tags does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::llm {

class ReasoningFilter {
public:
    static constexpr std::size_t held_bytes_max = 11;  // "</thinking>"

    // Append to `out`.
    void push(std::string_view bytes, std::string& out);
    void finish(std::string& out);  // what was held back and is no tag

    void reset();

private:
    enum class State : std::uint8_t { start, thinking, answer };

    std::size_t read_start(std::string_view bytes, std::string& out);
    std::size_t read_thinking(std::string_view bytes);

    State state_ = State::start;
    std::string held_;  // may be the beginning of a tag, or of a wide space
};

}  // namespace emostage::llm
