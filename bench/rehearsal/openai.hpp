// The bytes of OpenAI's chat completions: bodies, chunks and errors.
// https://platform.openai.com/docs/api-reference/chat
//
// Pure functions. `escaped` is the inside of a JSON string already.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::rehearsal::openai {

// Says on each answer who made it, whatever the model is called.
inline constexpr std::string_view system_fingerprint = "rehearsal";

struct Answerer {
    std::string id;            // chatcmpl-…
    std::int64_t created = 0;  // Unix seconds
    std::string model;
    bool usage = false;  // the stream ends with a chunk that carries the usage
};

struct Usage {
    std::size_t prompt_tokens = 0;
    std::size_t completion_tokens = 0;
};

// A whole answer. Without a finish reason it is one that broke off.
std::string completion(const Answerer& who, std::string_view escaped,
                       std::string_view finish_reason, Usage usage);

// One event of a stream is `data: …` and a blank line. A content chunk is before + text + after.
struct ContentChunk {
    std::string before, after;
};
ContentChunk content_chunk(const Answerer& who);
std::string role_chunk(const Answerer& who);
std::string finish_chunk(const Answerer& who, std::string_view finish_reason);
std::string usage_chunk(const Answerer& who, Usage usage);
inline constexpr std::string_view done = "data: [DONE]\n\n";

std::string models(std::string_view model);

// `param` and `code` may be empty: null.
std::string error(std::string_view message, std::string_view type, std::string_view param,
                  std::string_view code);

}  // namespace emostage::rehearsal::openai
