// The last chunk of a stream as a pattern for the next: what servers send between two pieces of
// content differs in nothing but the content.
//
// A chunk whose bytes before and after the content are those of the last one, and whose content is
// the inside of a JSON string, is read as the last one was, without parsing it again. Anything else
// is no match. Pure; one per stream.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/chat_chunk.hpp"

namespace emostage::llm {

class RepeatedChunk {
public:
    static constexpr std::size_t frame_bytes_max = 4096;  // without the content; more is forgotten

    // The content of `json`, escapes unresolved and valid UTF-8; nothing: it has to be parsed.
    std::optional<std::string_view> match(std::string_view json) const;

    // `chunk` is what parsing `json` gave. One that says more than its content is no pattern.
    void remember(std::string_view json, const ChatChunk& chunk);

    void reset() { before_.clear(); }

private:
    std::string before_, after_;  // of the content; empty: there was none yet
};

}  // namespace emostage::llm
