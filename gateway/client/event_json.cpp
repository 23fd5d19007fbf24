#include "gateway/client/event_json.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <variant>

#include "core/llm/json_text.hpp"

namespace emostage::gateway {

namespace {

using llm::append_json_string;
using nlohmann::ordered_json;

std::string_view name_of(wire::StageStatus status) {
    switch (status) {
        case wire::StageStatus::done:
            return "done";
        case wire::StageStatus::failed:
            return "failed";
        case wire::StageStatus::skipped:
            return "skipped";
    }
    return "failed";
}

template <class Number>
void append_digits(std::string& out, Number number) {
    std::array<char, 20> digits;  // of any of 64 bits, with its sign
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

// The fields that a type has beyond those of every event.
struct Fields {
    ordered_json out = ordered_json::object();

    void range(std::uint64_t from) {
        if (from != 0) out["from"] = from;
    }

    void operator()(const wire::Hello& hello) { out["protocol"] = hello.protocol; }
    void operator()(const wire::Beacon&) {}
    void operator()(const wire::Pipelines& pipelines) { out["names"] = pipelines.names; }
    void operator()(const wire::Accepted& accepted) { out["position"] = accepted.position; }
    void operator()(const wire::Started& started) { out["worker"] = started.worker; }
    void operator()(const wire::Stage& stage) { out = stage_json(stage); }
    void operator()(const wire::Delta& delta) {
        out["text"] = delta.text;
        range(delta.from);
    }
    void operator()(const wire::Reset& reset) {
        out["reason"] = reset.reason;
        range(reset.from);
    }
    void operator()(const wire::Alert& alert) {
        out["stage"] = alert.stage;
        out["field"] = alert.field;
        out["value"] = alert.value;
    }
    void operator()(const wire::Completed& completed) {
        out["text_bytes"] = completed.text_bytes;
        out["text_hash"] = completed.text_hash;
        out["finish_reason"] = completed.finish_reason;
        out["usage"] = {{"prompt_tokens", completed.usage.prompt_tokens},
                        {"completion_tokens", completed.usage.completion_tokens},
                        {"calls", completed.usage.calls}};
        out["timings_ms"] = timings_json(completed.timings_ms);
        out["degraded"] = completed.degraded;
    }
    void operator()(const wire::Failed& failed) {
        out["code"] = name(failed.code);
        out["message"] = failed.message;
        out["retryable"] = failed.retryable;
        range(failed.from);
    }
    void operator()(const wire::Cancelled& cancelled) {
        out["reason"] = cancelled.reason;
        range(cancelled.from);
    }
    void operator()(const wire::Rejected& rejected) {
        out["code"] = name(rejected.code);
        out["message"] = rejected.message;
        if (rejected.retry_after_ms) out["retry_after_ms"] = *rejected.retry_after_ms;
    }
    void operator()(const wire::Other&) {}
};

}  // namespace

void append_number(std::string& out, std::uint64_t number) { append_digits(out, number); }

std::string one_line(const ordered_json& object) {
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string_view type_of(const wire::EventBody& body) {
    // In the order of the variant.
    static constexpr std::array<std::string_view, std::variant_size_v<wire::EventBody>> names{
        "hello", "beacon", "pipelines", "accepted", "started",   "stage",    "delta",
        "reset", "alert",  "completed", "failed",   "cancelled", "rejected", "other"};
    return names[body.index()];
}

ordered_json stage_json(const wire::Stage& stage) {
    ordered_json out{{"stage", stage.stage}, {"status", name_of(stage.status)}};
    if (!stage.result.bytes.empty()) {
        auto result = ordered_json::from_msgpack(stage.result.bytes, true, false);
        out["result"] = result.is_discarded() ? ordered_json() : std::move(result);
    }
    out["ms"] = stage.ms;
    if (!stage.defaulted.empty()) out["defaulted"] = stage.defaulted;
    return out;
}

ordered_json timings_json(const wire::Timings& timings) {
    auto out = ordered_json::object();
    for (const auto& [name, ms] : timings) out[name] = ms;
    return out;
}

std::string names_json(std::string_view turn, std::string_view session) {
    std::string out;
    if (!turn.empty()) {
        out.append(",\"turn\":");
        append_json_string(out, turn);
    }
    if (!session.empty()) {
        out.append(",\"session\":");
        append_json_string(out, session);
    }
    return out;
}

void append_named_event_json(std::string& out, const wire::Event& event, std::string_view names) {
    out.append("{\"type\":\"").append(type_of(event.body)).append("\"").append(names);
    if (event.seq != 0) {
        out.append(",\"seq\":");
        append_number(out, event.seq);
        out.append(",\"attempt\":");
        append_number(out, event.attempt);
    }
    out.append(",\"at_ms\":");
    append_digits(out, event.at_ms);
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        out.append(",\"text\":");
        append_json_string(out, delta->text);
        if (delta->from != 0) {
            out.append(",\"from\":");
            append_number(out, delta->from);
        }
    } else {
        Fields fields;
        std::visit(fields, event.body);
        if (!fields.out.empty()) {
            const std::string more = one_line(fields.out);
            out.push_back(',');
            out.append(more, 1, more.size() - 2);  // without its braces
        }
    }
    out.push_back('}');
}

void append_event_json(std::string& out, const wire::Event& event, std::string_view turn,
                       std::string_view session) {
    append_named_event_json(out, event, names_json(turn, session));
}

void append_event_json(std::string& out, const wire::Event& event) {
    append_event_json(out, event, event.turn, event.session);
}

}  // namespace emostage::gateway
