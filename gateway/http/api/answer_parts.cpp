#include "gateway/http/api/answer_parts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/llm/json_text.hpp"
#include "gateway/client/event_json.hpp"

namespace emostage::http {

using gateway::append_number;
using llm::append_json_string;

ApiError reply_restarted() {
    return {502, "server_error", "reply_restarted",
            "the reply began again after words of it had been sent; forget them"};
}

std::string_view finish_reason(const wire::Completed& completed) {
    static constexpr std::array<std::string_view, 5> known{"stop", "length", "content_filter",
                                                           "tool_calls", "function_call"};
    const auto found = std::find(known.begin(), known.end(), completed.finish_reason);
    return found == known.end() ? known.front() : *found;
}

void append_chat_usage(std::string& out, const wire::Usage& usage) {
    out += "{\"prompt_tokens\":" + std::to_string(usage.prompt_tokens) +
           ",\"completion_tokens\":" + std::to_string(usage.completion_tokens) +
           ",\"total_tokens\":" + std::to_string(usage.prompt_tokens + usage.completion_tokens) +
           "}";
}

nlohmann::ordered_json end_facts(const wire::Completed& completed) {
    return {{"degraded", completed.degraded},
            {"timings_ms", gateway::timings_json(completed.timings_ms)},
            {"text_bytes", completed.text_bytes},
            {"text_hash", completed.text_hash}};
}

void append_chat_head(std::string& out, std::string_view turn, std::string_view object,
                      std::int64_t created_unix_s, std::string_view model) {
    out += "{\"id\":";
    append_json_string(out, "chatcmpl-" + std::string(turn));
    out.append(",\"object\":\"").append(object).append("\",\"created\":");
    out += std::to_string(created_unix_s) + ",\"model\":";
    append_json_string(out, model);
    out += ",\"system_fingerprint\":null,\"choices\":[";
}

}  // namespace emostage::http
