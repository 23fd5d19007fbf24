#include "core/llm/request_body.hpp"

#include <charconv>
#include <cmath>

#include "core/llm/continuation.hpp"
#include "core/llm/json_text.hpp"

namespace emostage::llm {
namespace {

void append_number(std::string& body, std::string_view key, double number) {
    if (!std::isfinite(number)) return;
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
    if (error != std::errc{}) return;
    body.append(key);
    body.append(digits, end);
}

void append_message(std::string& body, std::string_view role, std::string_view text) {
    body.append("{\"role\":\"").append(role).append("\",\"content\":");
    append_json_string(body, text);
    body.push_back('}');
}

void append_shape(std::string& body, const AnswerShape& shape, const Capabilities& can) {
    if (can.json_schema && !shape.json_schema.empty()) {
        body.append(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":");
        append_json_string(body, shape.name);
        body.append(",\"strict\":true,\"schema\":").append(shape.json_schema).append("}}");
    } else if (can.grammar && !shape.gbnf.empty()) {
        body.append(",\"grammar\":");
        append_json_string(body, shape.gbnf);
    } else if (can.json_object) {
        body.append(",\"response_format\":{\"type\":\"json_object\"}");
    }
}

}  // namespace

std::string request_body(const ChatRequest& request, const EndpointConfig& endpoint) {
    const std::size_t prefix = request.shared_prefix ? request.shared_prefix->size() : 0;
    std::string body;
    const std::size_t texts = prefix + request.user.size() + request.continue_from.size();
    body.reserve(texts + texts / 8 + 1024);
    body.append("{\"model\":");
    append_json_string(body, endpoint.model);
    body.append(",\"messages\":[");
    if (prefix > 0) {
        append_message(body, "system", *request.shared_prefix);
        body.push_back(',');
    }
    append_message(body, "user", request.user);
    const auto begun = Continuation::sent(request.continue_from);
    if (!begun.empty()) {
        body.push_back(',');
        append_message(body, "assistant", begun);
    }
    body.append("]");
    if (!begun.empty() && endpoint.capabilities.continues == Continues::vllm) {
        body.append(",\"continue_final_message\":true,\"add_generation_prompt\":false");
    }
    if (request.stream) {
        body.append(",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    } else {
        body.append(",\"stream\":false");
    }
    if (request.max_tokens > 0) {
        body.append(",\"max_tokens\":").append(std::to_string(request.max_tokens));
    }
    append_number(body, ",\"temperature\":", request.temperature);
    if (request.top_p) append_number(body, ",\"top_p\":", *request.top_p);
    if (!request.stop.empty()) {
        body.append(",\"stop\":[");
        for (std::size_t i = 0; i < request.stop.size(); ++i) {
            if (i > 0) body.push_back(',');
            append_json_string(body, request.stop[i]);
        }
        body.push_back(']');
    }
    if (request.shape) append_shape(body, *request.shape, endpoint.capabilities);
    body.push_back('}');
    return body;
}

}  // namespace emostage::llm
