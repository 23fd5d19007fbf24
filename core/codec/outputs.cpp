#include "core/codec/outputs.hpp"

#include <limits>
#include <utility>

#include "core/codec/codec.hpp"
#include "core/codec/cursor.hpp"
#include "core/codec/event_fields.hpp"

namespace emostage::codec {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t uint_max = std::numeric_limits<std::uint64_t>::max();

// Packed: maps of a known size with their first names. Heads are octal, for a letter after a
// hexadecimal one would be read as a part of it.
constexpr auto output_head = "\204\244type\246output"sv;
constexpr auto outputs_head = "\202\244type\247outputs\243all"sv;
constexpr auto item_head = "\203"sv;  // of an output among `outputs`
constexpr auto lease_key = "\245lease"sv;
constexpr auto ordinal_key = "\247ordinal"sv;
constexpr auto events_key = "\246events"sv;
constexpr auto delta_head = "\202\244type\245delta\244text"sv;

// --- events --------------------------------------------------------------------------------

void pack(Packer& out, const wire::Started& started) {
    out.map(2).field("type", "started").field("worker", started.worker);
}
void pack(Packer& out, const wire::Stage& stage) {
    out.map(1 + stage_fields(stage)).field("type", "stage");
    pack_stage(out, stage);
}
void pack(Packer& out, const wire::Alert& alert) {
    out.map(4).field("type", "alert");
    pack_alert(out, alert);
}
void pack(Packer& out, const wire::Delta& delta) { out.raw(delta_head).str(delta.text); }
void pack(Packer& out, const wire::Reset& reset) {
    out.map(2).field("type", "reset").field("reason", reset.reason);
}
void pack(Packer& out, const wire::RunCompleted& end) {
    const bool state = !end.state.bytes.empty();
    out.map(7u + state).field("type", "completed");
    pack_completed(out, end.completed);
    if (state) out.str("state").raw(end.state.bytes);
}
void pack(Packer& out, const wire::Failed& failed) {
    out.map(4).field("type", "failed");
    pack_failed(out, failed);
}
void pack(Packer& out, const wire::Cancelled& cancelled) {
    out.map(2).field("type", "cancelled").field("reason", cancelled.reason);
}

Result<wire::RunEvent> read_run_event(const msgpack::object& object) {
    Fields fields(object, "event");
    wire::RunEvent event;
    const auto type = fields.str("type", wire::id_bytes_max);
    if (type == "delta") {
        event = wire::Delta{std::string(fields.str("text", wire::message_bytes_max)), 0};
    } else if (type == "started") {
        event = wire::Started{std::string(fields.id("worker"))};
    } else if (type == "stage") {
        event = read_stage(fields);
    } else if (type == "reset") {
        event = wire::Reset{std::string(fields.str("reason", wire::error_message_bytes_max)), 0};
    } else if (type == "alert") {
        event = read_alert(fields);
    } else if (type == "completed") {
        wire::RunCompleted end;
        end.completed = read_completed(fields);
        end.state = read_packed(fields, "state", wire::state_bytes_max);
        event = std::move(end);
    } else if (type == "failed") {
        event = read_failed(fields);
    } else if (type == "cancelled") {
        event = wire::Cancelled{std::string(fields.str("reason", wire::error_message_bytes_max))};
    } else {
        fields.fail_field("type", "is unknown");
    }
    if (!fields.ok()) return tl::unexpected(fields.error());
    return event;
}

// --- in place ------------------------------------------------------------------------------

// A delta is its text; what else an event is, is read by names. False: it is not understood.
bool read_event(Cursor& in, std::size_t depth_max, std::vector<wire::RunEvent>& into) {
    if (in.skip(delta_head)) {
        const auto text = in.str();
        if (!text || !is_utf8(*text)) return false;
        into.emplace_back(std::in_place_type<wire::Delta>, wire::Delta{std::string(*text), 0});
        return true;
    }
    const auto object = in.value(depth_max);
    if (!object) return false;
    auto event = read_run_event(*object);
    if (event) into.push_back(std::move(*event));
    return event.has_value();
}

// `depth`: of maps and arrays around it.
bool read_fields(Cursor& in, std::size_t depth, wire::Output& into) {
    if (!in.skip(lease_key)) return false;
    const auto lease = in.uint();
    if (!lease || !in.skip(ordinal_key)) return false;
    const auto ordinal = in.uint();
    if (!ordinal || !in.skip(events_key)) return false;
    const auto events = in.array();
    if (!events || *events > wire::events_per_batch_max) return false;
    into.lease = *lease;
    into.ordinal = *ordinal;
    into.events.reserve(*events);
    for (std::size_t i = 0; i < *events; ++i) {
        if (!read_event(in, wire::message_depth_max - depth - 2, into.events)) return false;
    }
    return true;
}

void pack_fields(Packer& out, const wire::Output& output) {
    out.raw(lease_key).uint(output.lease).raw(ordinal_key).uint(output.ordinal);
    out.raw(events_key).array(output.events.size());
    for (const auto& event : output.events) {
        std::visit([&](const auto& body) { pack(out, body); }, event);
    }
}
}  // namespace

void pack_output(Packer& out, const wire::Output& output) {
    out.raw(output_head);
    pack_fields(out, output);
}

void append_output(std::string& packed, const wire::Output& output) {
    Packer out(packed);
    out.raw(item_head);
    pack_fields(out, output);
}

std::string encode_outputs(std::size_t outputs, std::string_view packed) {
    std::string bytes;
    bytes.reserve(packed.size() + 32);
    Packer(bytes).raw(outputs_head).array(outputs).raw(packed);
    return bytes;
}

void pack_outputs(Packer& out, const wire::Outputs& outputs) {
    std::string packed;
    for (const auto& output : outputs.all) append_output(packed, output);
    out.raw(encode_outputs(outputs.all.size(), packed));
}

std::optional<wire::FromWorker> read_outputs_in_place(std::string_view bytes) {
    std::optional<wire::FromWorker> message;
    if (bytes.size() > wire::message_bytes_max) return message;
    Cursor in(bytes);
    bool fits = false;
    if (in.skip(output_head)) {
        auto& output = message.emplace().emplace<wire::Output>();
        fits = read_fields(in, 0, output);
    } else if (in.skip(outputs_head)) {
        const auto count = in.array();
        fits = count && *count <= wire::outputs_per_message_max;
        auto& all = message.emplace().emplace<wire::Outputs>().all;
        if (fits) all.reserve(*count);
        for (std::size_t i = 0; fits && i < *count; ++i) {
            fits = in.skip(item_head) && read_fields(in, 2, all.emplace_back());
        }
    }
    if (!fits || !in.at_end()) message.reset();
    return message;
}

wire::Output read_output(Fields& fields) {
    wire::Output output;
    output.lease = fields.uint("lease", uint_max);
    output.ordinal = fields.uint("ordinal", uint_max);
    const auto events = fields.array("events", wire::events_per_batch_max);
    output.events.reserve(events.size());
    for (const auto& item : events) {
        auto event = read_run_event(item);
        if (!event) {
            fields.fail(event.error().code, event.error().message);
            break;
        }
        output.events.push_back(std::move(*event));
    }
    return output;
}

wire::Outputs read_outputs(Fields& fields) {
    wire::Outputs outputs;
    const auto all = fields.array("all", wire::outputs_per_message_max);
    outputs.all.reserve(all.size());
    for (const auto& item : all) {
        Fields output(item, "output");
        outputs.all.push_back(read_output(output));
        output.refuse_unknown();
        if (!output.ok()) {
            fields.fail(output.error().code, output.error().message);
            break;
        }
    }
    return outputs;
}

}  // namespace emostage::codec
