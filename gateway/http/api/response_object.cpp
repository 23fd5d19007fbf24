#include "gateway/http/api/response_object.hpp"

#include "core/llm/json_text.hpp"
#include "gateway/http/api/answer_parts.hpp"

namespace emostage::http {

namespace {

using llm::append_json_string;

void append_message_head(std::string& out, std::string_view turn, std::string_view status) {
    out += "{\"id\":";
    append_json_string(out, "msg_" + std::string(turn));
    out.append(",\"type\":\"message\",\"status\":\"").append(status);
    out += "\",\"role\":\"assistant\",\"content\":[";
}

void append_usage(std::string& out, const wire::Usage& usage) {
    out += "{\"input_tokens\":" + std::to_string(usage.prompt_tokens) +
           ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":" +
           std::to_string(usage.completion_tokens) +
           ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":" +
           std::to_string(usage.prompt_tokens + usage.completion_tokens) + "}";
}

void append_error(std::string& out, const ApiError& error) {
    out += "{\"code\":";
    append_json_string(out, error.code);
    out += ",\"message\":";
    append_json_string(out, error.message);
    out += "}";
}

// Why a response is incomplete; empty: it is not.
std::string_view reason_of(const wire::Completed& completed) {
    const auto reason = finish_reason(completed);
    if (reason == "length") return "max_output_tokens";
    return reason == "content_filter" ? reason : std::string_view{};
}

// What a message's status is in a response of this one.
std::string_view message_status(std::string_view response) {
    if (response == "completed" || response == "in_progress") return response;
    return "incomplete";
}

}  // namespace

std::string_view final_status(const wire::Completed& completed) {
    return reason_of(completed).empty() ? "completed" : "incomplete";
}

void append_text_part(std::string& out, std::string_view text) {
    out += "{\"type\":\"output_text\",\"text\":";
    append_json_string(out, text);
    out += ",\"annotations\":[],\"logprobs\":[]}";
}

void append_message(std::string& out, std::string_view turn, std::string_view status) {
    append_message_head(out, turn, status);
    out += "]}";
}

void append_message(std::string& out, std::string_view turn, std::string_view status,
                    std::string_view text) {
    append_message_head(out, turn, status);
    append_text_part(out, text);
    out += "]}";
}

void append_response(std::string& out, const AnswerHead& head, bool background,
                     const ResponseState& state) {
    out += "{\"id\":";
    append_json_string(out, "resp_" + head.turn);
    out += ",\"object\":\"response\",\"created_at\":" + std::to_string(head.created_unix_s);
    out.append(",\"status\":\"").append(state.status).append("\",\"background\":");
    out += background ? "true" : "false";
    out += ",\"error\":";
    if (state.error != nullptr) {
        append_error(out, *state.error);
    } else {
        out += "null";
    }
    const auto reason = state.completed != nullptr ? reason_of(*state.completed) : "";
    out += ",\"incomplete_details\":";
    if (reason.empty()) {
        out += "null";
    } else {
        out.append("{\"reason\":\"").append(reason).append("\"}");
    }
    out += ",\"instructions\":null,\"metadata\":{},\"model\":";
    append_json_string(out, head.model);
    out += ",\"output\":[";
    if (state.begun || !state.text.empty()) {
        append_message(out, head.turn, message_status(state.status), state.text);
    }
    out += "],\"parallel_tool_calls\":false,\"temperature\":null,\"tool_choice\":\"none\"";
    out += ",\"tools\":[],\"top_p\":null,\"usage\":";
    if (state.completed != nullptr) {
        append_usage(out, state.completed->usage);
    } else {
        out += "null";
    }
    out += "}";
}

}  // namespace emostage::http
