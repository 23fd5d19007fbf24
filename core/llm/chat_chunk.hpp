// One JSON document of the OpenAI chat completions API: a streamed chunk, a whole answer, or an
// error. https://platform.openai.com/docs/api-reference/chat
//
// Reads `choices[0].delta.content` or `.message.content`, `finish_reason`, `usage` and `error`, and
// reads past everything else, reasoning included. Bytes that are not UTF-8, and control characters
// inside strings, are mended first.
//
// Owns its buffers and keeps them: no allocation from document to document. One thread; shared by
// all readers of a client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace emostage::llm {

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
};

// Where it says so; `detail` is its type and code, bounded and in a safe alphabet. The message is
// left out, for it may quote what people said.
struct ReportedError {
    int status = 0;
    std::string detail;
};

// Views are into the parser's buffers, until the next parse().
struct ChatChunk {
    bool has_choice = false;
    std::string_view content;  // a JSON string's inside, escapes unresolved
    // Where that is in the document; nothing: there is none, or the document had to be mended.
    std::optional<std::size_t> content_at;
    std::string_view finish_reason;  // empty: not yet
    std::optional<Usage> usage;
    std::optional<ReportedError> error;
};

class ChunkParser {
public:
    ChunkParser();
    ~ChunkParser();

    // Null: not a JSON object, or broken. The chunk is the parser's, until the next parse().
    const ChatChunk* parse(std::string_view json);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::llm
