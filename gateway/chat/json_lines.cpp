#include "gateway/chat/json_lines.hpp"

#include <nlohmann/json.hpp>
#include <variant>

namespace emostage::chat {

namespace {

using nlohmann::ordered_json;

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

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

// JSON leaves DEL and the C1 controls as they are; some terminals obey them.
std::string escape_controls(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        const auto byte = static_cast<unsigned char>(json[i]);
        const auto next = i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0;
        char escaped[8];
        if (byte == 0x7f) {
            out += "\\u007f";
        } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
            std::snprintf(escaped, sizeof escaped, "\\u%04x", next);
            out += escaped;
            ++i;
        } else {
            out += json[i];
        }
    }
    return out;
}

}  // namespace

std::string json_line(const wire::Event& event) {
    ordered_json out;
    const auto begin = [&](std::string_view type) {
        out["type"] = type;
        if (!event.turn.empty()) out["turn"] = event.turn;
        if (!event.session.empty()) out["session"] = event.session;
        if (event.seq != 0) {
            out["seq"] = event.seq;
            out["attempt"] = event.attempt;
        }
        out["at_ms"] = event.at_ms;
    };
    std::visit(
        Overloaded{
            [&](const wire::Hello& hello) {
                begin("hello");
                out["protocol"] = hello.protocol;
            },
            [&](const wire::Beacon&) { begin("beacon"); },
            [&](const wire::Accepted& accepted) {
                begin("accepted");
                out["position"] = accepted.position;
            },
            [&](const wire::Started& started) {
                begin("started");
                out["worker"] = started.worker;
            },
            [&](const wire::Stage& stage) {
                begin("stage");
                out["stage"] = stage.stage;
                out["status"] = name_of(stage.status);
                if (!stage.result.bytes.empty()) {
                    auto result = ordered_json::from_msgpack(stage.result.bytes, true, false);
                    out["result"] = result.is_discarded() ? ordered_json() : std::move(result);
                }
                out["ms"] = stage.ms;
                if (!stage.defaulted.empty()) out["defaulted"] = stage.defaulted;
            },
            [&](const wire::Delta& delta) {
                begin("delta");
                out["text"] = delta.text;
                if (delta.from != 0) out["from"] = delta.from;
            },
            [&](const wire::Reset& reset) {
                begin("reset");
                out["reason"] = reset.reason;
                if (reset.from != 0) out["from"] = reset.from;
            },
            [&](const wire::Alert& alert) {
                begin("alert");
                out["stage"] = alert.stage;
                out["field"] = alert.field;
                out["value"] = alert.value;
            },
            [&](const wire::Completed& completed) {
                begin("completed");
                out["text_bytes"] = completed.text_bytes;
                out["text_hash"] = completed.text_hash;
                out["finish_reason"] = completed.finish_reason;
                out["usage"] = {{"prompt_tokens", completed.usage.prompt_tokens},
                                {"completion_tokens", completed.usage.completion_tokens},
                                {"calls", completed.usage.calls}};
                out["timings_ms"] = ordered_json::object();
                for (const auto& [name, ms] : completed.timings_ms) out["timings_ms"][name] = ms;
                out["degraded"] = completed.degraded;
            },
            [&](const wire::Failed& failed) {
                begin("failed");
                out["code"] = name(failed.code);
                out["message"] = failed.message;
                out["retryable"] = failed.retryable;
                if (failed.from != 0) out["from"] = failed.from;
            },
            [&](const wire::Cancelled& cancelled) {
                begin("cancelled");
                out["reason"] = cancelled.reason;
                if (cancelled.from != 0) out["from"] = cancelled.from;
            },
            [&](const wire::Rejected& rejected) {
                begin("rejected");
                out["code"] = name(rejected.code);
                out["message"] = rejected.message;
                if (rejected.retry_after_ms) out["retry_after_ms"] = *rejected.retry_after_ms;
            },
            [&](const wire::Other&) { begin("other"); },
        },
        event.body);
    return escape_controls(out.dump(-1, ' ', false, ordered_json::error_handler_t::replace)) + "\n";
}

}  // namespace emostage::chat
