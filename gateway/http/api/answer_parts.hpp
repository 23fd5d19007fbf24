// What streamed and whole answers have in common.
//
// Internal to gateway/http/api. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gateway/http/api/api_error.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

// The reply began again after words of it were told to a client that cannot take them back.
ApiError reply_restarted();

// The model's, where OpenAI's interface knows it; else `stop`.
std::string_view finish_reason(const wire::Completed& completed);

// {"prompt_tokens", "completion_tokens", "total_tokens"}
void append_chat_usage(std::string& out, const wire::Usage& usage);

// {"degraded", "timings_ms", "text_bytes", "text_hash"}
nlohmann::ordered_json end_facts(const wire::Completed& completed);

// `{"id":"chatcmpl-TURN","object":…,"created":…,"model":…,"system_fingerprint":null,"choices":[`
void append_chat_head(std::string& out, std::string_view turn, std::string_view object,
                      std::int64_t created_unix_s, std::string_view model);

}  // namespace emostage::http
