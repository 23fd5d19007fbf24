// The body of one 200 answer, streamed or whole, to clean text.
//
// Pure: server-sent events, chunks, reasoning, UTF-8 and the bound of the answer, in this order.
// What comes out is valid UTF-8 without control characters and without leading white space; of an
// answer that continues a text, what follows that text, which may be nothing. One per call; one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/chat_stream.hpp"
#include "core/llm/continuation.hpp"
#include "core/llm/fault.hpp"
#include "core/llm/reasoning_filter.hpp"
#include "core/llm/sse_reader.hpp"
#include "core/text/utf8_cleaner.hpp"

namespace emostage::llm {

class AnswerReader {
public:
    static constexpr std::size_t document_bytes_max = 1024 * 1024;  // of a whole answer
    static constexpr std::size_t stream_bytes_max =
        16 * 1024 * 1024;  // of a stream, reasoning and all

    AnswerReader(ChunkParser& parser, bool stream, std::size_t answer_bytes_max,
                 std::string_view continued_text = {});

    // Appends to `text`. A fault ends the answer.
    std::optional<Fault> on_body(std::string_view bytes, std::string& text);

    // The body ended, in good order or not. No fault: the answer is whole.
    std::optional<Fault> on_end(bool orderly, std::string& text);

    // Asks for no more bytes: on_end() may be called at once.
    bool done() const { return chat_.done() || cut(); }
    bool finished() const { return chat_.finished(); }  // its text is whole, usage may follow
    bool cut() const { return cleaner_.full(); }        // the bound was reached; reason "length"

    const std::string& finish_reason() const;
    const Usage& usage() const { return chat_.usage(); }

    void reset();  // for the next try

private:
    enum class Shape : std::uint8_t { unknown, events, document };

    std::optional<Fault> read_events(std::string_view bytes);
    std::optional<Fault> read_document(std::string_view bytes);
    void pass_on(bool last, std::string& text);

    const bool stream_;
    const std::size_t answer_bytes_max_;
    Shape shape_;
    SseReader events_;
    ChatStream chat_;
    ReasoningFilter reasoning_;
    std::optional<Continuation> continuation_;
    Utf8Cleaner cleaner_;
    std::string document_;
    std::string content_;  // of this piece, as the model said it
    std::string spoken_;   // without reasoning
    std::string joined_;   // and without what was said before
    std::size_t received_ = 0;
};

}  // namespace emostage::llm
