// The events of one streamed chat completion: content, how it finished, usage, errors.
//
// Pure. An answer is whole only when a `finish_reason` came and then `[DONE]` or an orderly end of
// the body; anything else is Errc::model_cut.
// https://platform.openai.com/docs/api-reference/chat-streaming
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/llm/chat_chunk.hpp"
#include "core/llm/fault.hpp"
#include "core/llm/json_text.hpp"
#include "core/llm/repeated_chunk.hpp"

namespace emostage::llm {

class ChatStream {
public:
    explicit ChatStream(ChunkParser& parser) : parser_(parser) {}

    // Appends the event's content to `content`. A fault ends the stream.
    std::optional<Fault> on_event(std::string_view name, std::string_view data,
                                  std::string& content);

    // A document that is no event: the whole answer, though a stream had been asked for, or an
    // error.
    std::optional<Fault> on_document(std::string_view json, std::string& content);

    // The body has ended, in good order or not.
    std::optional<Fault> on_end(bool orderly, std::string& content);

    bool done() const { return done_; }                        // [DONE] came after all
    bool finished() const { return !finish_reason_.empty(); }  // nothing but usage is to come
    const std::string& finish_reason() const { return finish_reason_; }
    const Usage& usage() const { return usage_; }

    void reset();

private:
    std::optional<Fault> read(const ChatChunk& chunk, std::string& content);

    ChunkParser& parser_;
    RepeatedChunk repeated_;
    JsonUnescaper unescaper_;
    std::string finish_reason_;
    Usage usage_;
    bool done_ = false;
};

}  // namespace emostage::llm
