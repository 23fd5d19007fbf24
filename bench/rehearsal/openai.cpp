#include "bench/rehearsal/openai.hpp"

#include "bench/rehearsal/tokens.hpp"

namespace emostage::rehearsal::openai {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    append_json_escaped(out, text);
    return out += '"';
}

std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : quoted(text); }

std::string begin(const Answerer& who, std::string_view object) {
    return "{\"id\":" + quoted(who.id) + ",\"object\":\"" + std::string(object) +
           "\",\"created\":" + std::to_string(who.created) + ",\"model\":" + quoted(who.model) +
           ",\"system_fingerprint\":\"" + std::string(system_fingerprint) + "\"";
}

std::string usage_json(Usage usage) {
    return "{\"prompt_tokens\":" + std::to_string(usage.prompt_tokens) +
           ",\"completion_tokens\":" + std::to_string(usage.completion_tokens) +
           ",\"total_tokens\":" + std::to_string(usage.prompt_tokens + usage.completion_tokens) +
           "}";
}

std::string begin_chunk(const Answerer& who) {
    return "data: " + begin(who, "chat.completion.chunk") + ",\"choices\":[{\"index\":0,\"delta\":";
}

std::string end_chunk(const Answerer& who, std::string_view finish_reason) {
    return ",\"logprobs\":null,\"finish_reason\":" + quoted_or_null(finish_reason) + "}]" +
           (who.usage ? ",\"usage\":null" : "") + "}\n\n";
}

}  // namespace

std::string completion(const Answerer& who, std::string_view escaped,
                       std::string_view finish_reason, Usage usage) {
    return begin(who, "chat.completion") +
           ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" +
           std::string(escaped) +
           "\"},\"logprobs\":null,\"finish_reason\":" + quoted_or_null(finish_reason) +
           "}],\"usage\":" + usage_json(usage) + "}";
}

ContentChunk content_chunk(const Answerer& who) {
    return {begin_chunk(who) + "{\"content\":\"", "\"}" + end_chunk(who, "")};
}

std::string role_chunk(const Answerer& who) {
    return begin_chunk(who) + "{\"role\":\"assistant\",\"content\":\"\"}" + end_chunk(who, "");
}

std::string finish_chunk(const Answerer& who, std::string_view finish_reason) {
    return begin_chunk(who) + "{}" + end_chunk(who, finish_reason);
}

std::string usage_chunk(const Answerer& who, Usage usage) {
    return "data: " + begin(who, "chat.completion.chunk") +
           ",\"choices\":[],\"usage\":" + usage_json(usage) + "}\n\n";
}

std::string models(std::string_view model) {
    return "{\"object\":\"list\",\"data\":[{\"id\":" + quoted(model) +
           ",\"object\":\"model\",\"created\":0,\"owned_by\":\"emostage-rehearsal\"}]}";
}

std::string error(std::string_view message, std::string_view type, std::string_view param,
                  std::string_view code) {
    return "{\"error\":{\"message\":" + quoted(message) + ",\"type\":" + quoted(type) +
           ",\"param\":" + quoted_or_null(param) + ",\"code\":" + quoted_or_null(code) + "}}";
}

}  // namespace emostage::rehearsal::openai
