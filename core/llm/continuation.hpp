// Joins a continued answer to the text that it continues, so that nothing is doubled or glued.
//
// White space at the text's end is not sent (templates strip it, and some servers refuse it): the
// model then says it again, and what readers hold already is cut. A server that repeats the text
// before it goes on has the repeat cut too: at most the text's length is held back for that, and
// only while it is the same byte for byte.
//
// Pure and streaming; bytes may be split anywhere. One per call; one thread.
// https://github.com/vllm-project/vllm/issues/9547 (white space at the end)
// https://github.com/vllm-project/vllm/issues/10111 (repeats)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::llm {

class Continuation {
public:
    // Of a shorter text the first word may well come twice in good sense.
    static constexpr std::size_t repeat_bytes_min = 8;
    static constexpr std::size_t space_bytes_max = 64;  // held back; what is more is dropped

    explicit Continuation(std::string_view text);

    // What a model is asked to continue: the text without the white space at its end.
    static std::string_view sent(std::string_view text);

    // Append to `out` what comes after the text.
    void push(std::string_view bytes, std::string& out);
    void finish(std::string& out);  // what was held back and is no repeat

    void reset();

private:
    enum class State : std::uint8_t { repeat, space, text };

    void read_repeat(std::string_view& bytes, std::string& out);
    void read_space(std::string_view& bytes, std::string& out);
    void hold_space(char c);
    std::string_view new_space() const;

    std::string sent_;
    std::string shown_space_;  // at the text's end
    State state_;
    std::size_t same_ = 0;  // bytes of sent_ that came again
    std::string space_;     // held back
};

}  // namespace emostage::llm
