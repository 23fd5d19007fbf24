#include "core/codec/event_fields.hpp"

#include "core/codec/names.hpp"

namespace emostage::codec {

void pack_completed(Packer& out, const wire::Completed& completed) {
    out.field("text_bytes", completed.text_bytes).field("text_hash", completed.text_hash);
    out.field("finish_reason", completed.finish_reason);
    out.str("usage").map(3);
    out.field("prompt_tokens", completed.usage.prompt_tokens);
    out.field("completion_tokens", completed.usage.completion_tokens);
    out.field("calls", completed.usage.calls);
    out.str("timings_ms").map(completed.timings_ms.size());
    for (const auto& [key, ms] : completed.timings_ms) out.field(key, ms);
    out.str("degraded").array(completed.degraded.size());
    for (const auto& stage : completed.degraded) out.str(stage);
}

std::size_t stage_fields(const wire::Stage& stage) {
    return 3u + !stage.result.bytes.empty() + !stage.defaulted.empty();
}

void pack_stage(Packer& out, const wire::Stage& stage) {
    out.field("stage", stage.stage);
    out.field("status", stage_status_names[static_cast<std::size_t>(stage.status)]);
    if (!stage.result.bytes.empty()) out.str("result").raw(stage.result.bytes);
    out.field("ms", stage.ms);
    if (stage.defaulted.empty()) return;
    out.str("defaulted").array(stage.defaulted.size());
    for (const auto& field : stage.defaulted) out.str(field);
}

void pack_alert(Packer& out, const wire::Alert& alert) {
    out.field("stage", alert.stage).field("field", alert.field).field("value", alert.value);
}

void pack_failed(Packer& out, const wire::Failed& failed) {
    out.field("code", name(failed.code)).field("message", failed.message);
    out.str("retryable").boolean(failed.retryable);
}

namespace {

std::vector<std::string> read_names(Fields& fields, std::string_view key) {
    std::vector<std::string> names;
    for (const auto& item : fields.array(key, names_max, false)) {
        const auto name = checked_str(item, wire::error_message_bytes_max);
        if (!name) {
            fields.fail_field(key, name.error().message);
            break;
        }
        names.emplace_back(*name);
    }
    return names;
}

}  // namespace

wire::Packed read_packed(Fields& fields, std::string_view key, std::size_t bytes_max) {
    const auto* object = fields.find(key);
    wire::Packed packed;
    if (object == nullptr) return packed;
    if (object->type != msgpack::type::MAP) {
        fields.fail_field(key, "must be a map");
        return packed;
    }
    Packer(packed.bytes).object(*object);
    if (packed.bytes.size() > bytes_max) {
        fields.fail_field(key, "is too large");
        packed.bytes.clear();
    }
    return packed;
}

wire::Stage read_stage(Fields& fields) {
    wire::Stage stage;
    stage.stage = fields.id("stage");
    stage.status = static_cast<wire::StageStatus>(fields.choice("status", stage_status_names, 0));
    stage.result = read_packed(fields, "result", wire::result_bytes_max);
    stage.ms = fields.integer("ms", false);
    stage.defaulted = read_names(fields, "defaulted");
    return stage;
}

wire::Alert read_alert(Fields& fields) {
    wire::Alert alert;
    alert.stage = fields.id("stage");
    alert.field = fields.str("field", wire::id_bytes_max);
    alert.value = fields.str("value", wire::id_bytes_max);
    return alert;
}

wire::Completed read_completed(Fields& fields) {
    wire::Completed completed;
    completed.text_bytes = fields.uint("text_bytes", wire::message_bytes_max);
    completed.text_hash = fields.str("text_hash", 16);
    completed.finish_reason = fields.str("finish_reason", wire::id_bytes_max);
    if (const auto* object = fields.find("usage")) {
        Fields usage(*object, "usage");
        completed.usage.prompt_tokens = usage.integer("prompt_tokens", false);
        completed.usage.completion_tokens = usage.integer("completion_tokens", false);
        completed.usage.calls = usage.integer("calls", false);
        if (!usage.ok()) fields.fail(usage.error().code, usage.error().message);
    }
    if (const auto* object = fields.find("timings_ms")) {
        if (object->type != msgpack::type::MAP || object->via.map.size > names_max) {
            fields.fail_field("timings_ms", "must be a map of numbers");
            return completed;
        }
        Fields timings(*object, "timings_ms");
        for (std::uint32_t i = 0; i < object->via.map.size; ++i) {
            const auto key = checked_str(object->via.map.ptr[i].key, wire::id_bytes_max);
            if (!key) {
                fields.fail_field("timings_ms", "has a name that is no string");
                return completed;
            }
            completed.timings_ms.emplace_back(std::string(*key), timings.integer(*key));
        }
        if (!timings.ok()) fields.fail(timings.error().code, timings.error().message);
    }
    completed.degraded = read_names(fields, "degraded");
    return completed;
}

wire::Failed read_failed(Fields& fields) {
    wire::Failed failed;
    failed.code = errc_from(fields.str("code", wire::id_bytes_max));
    failed.message = fields.str("message", wire::error_message_bytes_max);
    failed.retryable = fields.boolean("retryable");
    return failed;
}

}  // namespace emostage::codec
