// One chat completion request, and what the rehearsal server understands of it.
//
// EmoStage's own requests end with tags in the last message: `[stage:phase]`, `[phase:exploring]`.
// The last of each counts, since a client may write such a thing too. Everybody else's requests
// are understood by their messages' roles. A last message of the assistant is the answer's
// beginning: only what follows it is asked for (`continue_final_message` may say so too).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bench/rehearsal/language.hpp"

namespace emostage::rehearsal {

inline constexpr std::size_t tag_bytes_max = 64;

struct ChatCall {
    bool stream = false;
    bool include_usage = false;  // stream_options.include_usage
    bool wants_json = false;     // response_format is json_object or json_schema
    std::size_t max_tokens = 0;  // 0: not said

    std::string stage;              // of the tag; empty: none
    std::string phase;              // of the tag; empty: none
    Language language{};            // that the answer should be in
    std::string begun;              // of the answer; empty: nothing
    std::size_t client_lines = 0;   // what the client has said so far, in lines
    std::string first;              // the client's oldest line that is still there
    std::string newest;             // … and the newest one
    std::size_t prompt_tokens = 0;  // a guess: four bytes each
};

struct BadCall {
    std::string message;
    std::string param;  // the field; empty: the whole body
};

// Owns the JSON parser's memory. One thread.
class ChatCallReader {
public:
    explicit ChatCallReader(std::size_t messages_max);
    ~ChatCallReader();

    tl::expected<ChatCall, BadCall> read(std::string_view body);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The name in the last `[key:name]` of a text; empty where there is none.
std::string_view last_tag(std::string_view text, std::string_view key);

}  // namespace emostage::rehearsal
