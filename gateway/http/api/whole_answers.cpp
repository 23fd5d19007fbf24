// Answers that are not streamed.
#include <cassert>
#include <nlohmann/json.hpp>

#include "core/llm/json_text.hpp"
#include "gateway/client/event_json.hpp"
#include "gateway/http/api/answer_parts.hpp"
#include "gateway/http/api/response_object.hpp"
#include "gateway/http/api/turn_record.hpp"
#include "gateway/http/api/turn_request.hpp"

namespace emostage::http {

namespace {

using llm::append_json_string;
using nlohmann::ordered_json;

ordered_json stages_json(const std::vector<wire::Stage>& stages) {
    auto list = ordered_json::array();
    for (const auto& stage : stages) list.push_back(gateway::stage_json(stage));
    return list;
}

std::string_view name_of(TurnRecord::Status status) {
    switch (status) {
        case TurnRecord::Status::queued:
            return "queued";
        case TurnRecord::Status::running:
            return "running";
        case TurnRecord::Status::completed:
            return "completed";
        case TurnRecord::Status::failed:
            return "failed";
        case TurnRecord::Status::cancelled:
            return "cancelled";
    }
    return "failed";
}

// What stands before the colon in the broker's name of a turn that its client calls `turn`.
std::string_view scope_of(std::string_view scoped, std::string_view turn) {
    if (scoped.size() <= turn.size() + 1 || !scoped.ends_with(turn)) return {};
    scoped.remove_suffix(turn.size());
    return scoped.back() == ':' ? scoped.substr(0, scoped.size() - 1) : std::string_view{};
}

}  // namespace

std::string chat_json(const TurnRecord& record, const AnswerHead& head, bool include_stages) {
    assert(record.status() == TurnRecord::Status::completed);
    const auto& completed = std::get<wire::Completed>(record.end()->body);
    std::string out;
    append_chat_head(out, head.turn, "chat.completion", head.created_unix_s, head.model);
    out += "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":";
    append_json_string(out, record.text());
    out += ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"";
    out.append(finish_reason(completed)).append("\"}],\"usage\":");
    append_chat_usage(out, completed.usage);
    if (include_stages) {
        ordered_json facts{{"stages", stages_json(record.stages())}};
        facts.update(end_facts(completed));
        out += ",\"emostage\":" + gateway::one_line(facts);
    }
    return out += "}";
}

std::string response_json(const TurnRecord& record, const AnswerHead& head, bool background) {
    ResponseState state{"queued", record.text()};
    ApiError error;
    switch (record.status()) {
        case TurnRecord::Status::queued:
            break;
        case TurnRecord::Status::running:
            state.status = "in_progress";
            break;
        case TurnRecord::Status::completed:
            state.completed = &std::get<wire::Completed>(record.end()->body);
            state.status = final_status(*state.completed);
            break;
        case TurnRecord::Status::failed:
        case TurnRecord::Status::cancelled:
            state.status = name_of(record.status());
            error = error_of(*record.end());
            state.error = &error;
            break;
    }
    std::string out;
    append_response(out, head, background, state);
    return out;
}

std::string turn_json(const TurnRecord& record, const std::string& turn) {
    const auto scope = scope_of(record.turn_, turn);
    const auto session = client_turn(scope, record.session_);
    std::string out = "{\"turn\":";
    append_json_string(out, turn);
    out += ",\"session\":";
    append_json_string(out, session);
    out.append(",\"status\":\"").append(name_of(record.status())).append("\",\"seq\":");
    gateway::append_number(out, record.seq());
    out += ",\"text\":";
    append_json_string(out, record.text());
    out += ",\"stages\":" + gateway::one_line(stages_json(record.stages()));
    if (record.end()) {
        out += ",\"end\":";
        gateway::append_event_json(out, *record.end(), turn, session);
    }
    return out += "}";
}

std::string model_json(const std::string& pipeline) {
    std::string out = "{\"id\":";
    append_json_string(out, pipeline);
    // When a pipeline was made nobody knows.
    return out += ",\"object\":\"model\",\"created\":0,\"owned_by\":\"emostage\"}";
}

std::string models_json(const std::vector<std::string>& pipelines) {
    std::string out = "{\"object\":\"list\",\"data\":[";
    for (const auto& pipeline : pipelines) {
        if (out.back() == '}') out += ',';
        out += model_json(pipeline);
    }
    return out += "]}";
}

}  // namespace emostage::http
