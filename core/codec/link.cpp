#include "core/codec/codec.hpp"
#include "core/codec/event_fields.hpp"
#include "core/codec/names.hpp"

namespace emostage::codec {

namespace {

constexpr std::uint64_t uint_max = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t ms_max = 7ull * 24 * 3600 * 1000;
constexpr std::size_t pipelines_max = 256;
constexpr std::size_t leases_max = 65'536;
constexpr std::size_t utterances_max = 4'096;
constexpr std::size_t stages_max = 64;  // of a checkpoint

std::chrono::milliseconds read_ms(Fields& fields, std::string_view key) {
    return std::chrono::milliseconds(fields.uint(key, ms_max));
}

std::uint64_t ms(std::chrono::milliseconds duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
}

// --- run events ----------------------------------------------------------------------------

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
void pack(Packer& out, const wire::Delta& delta) {
    out.map(2).field("type", "delta").field("text", delta.text);
}
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

// --- worker to broker ----------------------------------------------------------------------

void pack(Packer& out, const wire::Ready& ready) {
    out.map(6).field("type", "ready").field("v", std::uint64_t{wire::link_version});
    out.field("worker", ready.worker).field("instance", ready.instance);
    out.field("slots", std::uint64_t{ready.slots}).str("pipelines").array(ready.pipelines.size());
    for (const auto& pipeline : ready.pipelines) out.str(pipeline);
}
void pack(Packer& out, const wire::Beat& beat) {
    out.map(6).field("type", "beat").field("instance", beat.instance).field("number", beat.number);
    out.str("leases").array(beat.leases.size());
    for (const auto lease : beat.leases) out.uint(lease);
    out.str("draining").boolean(beat.draining).field("welcome", beat.welcome);
}
void pack_output(Packer& out, const wire::Output& output) {  // three fields
    out.field("lease", output.lease).field("ordinal", output.ordinal);
    out.str("events").array(output.events.size());
    for (const auto& event : output.events) {
        std::visit([&](const auto& body) { pack(out, body); }, event);
    }
}
void pack(Packer& out, const wire::Output& output) {
    out.map(4).field("type", "output");
    pack_output(out, output);
}
void pack(Packer& out, const wire::Outputs& outputs) {
    std::string packed;
    for (const auto& output : outputs.all) append_output(packed, output);
    out.raw(encode_outputs(outputs.all.size(), packed));
}
void pack(Packer& out, const wire::Return& back) {
    out.map(3).field("type", "return").field("lease", back.lease).field("reason", back.reason);
}

wire::Ready read_ready(Fields& fields) {
    wire::Ready ready;
    if (fields.uint("v", 255) != wire::link_version && fields.ok()) {
        fields.fail(Errc::unsupported_version, "worker and broker are of different versions");
    }
    ready.worker = fields.id("worker");
    ready.instance = fields.id("instance");
    ready.slots = static_cast<std::uint32_t>(fields.uint("slots", 1'000'000));
    for (const auto& item : fields.array("pipelines", pipelines_max)) {
        const auto pipeline = checked_str(item, wire::id_bytes_max);
        if (!pipeline || !is_id(*pipeline)) {
            fields.fail_field("pipelines", "must hold names");
            break;
        }
        ready.pipelines.emplace_back(*pipeline);
    }
    return ready;
}

wire::Beat read_beat(Fields& fields) {
    wire::Beat beat;
    beat.instance = fields.id("instance");
    beat.number = fields.uint("number", uint_max);
    for (const auto& item : fields.array("leases", leases_max)) {
        if (item.type != msgpack::type::POSITIVE_INTEGER) {
            fields.fail_field("leases", "must hold numbers");
            break;
        }
        beat.leases.push_back(item.via.u64);
    }
    beat.draining = fields.boolean("draining");
    beat.welcome = fields.uint("welcome", uint_max);
    return beat;
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

// --- broker to worker ----------------------------------------------------------------------

void pack(Packer& out, const wire::Welcome& welcome) {
    out.map(5).field("type", "welcome").field("broker", welcome.broker);
    out.field("beat_ms", ms(welcome.beat)).field("fence_ms", ms(welcome.fence));
    out.field("number", welcome.number);
}
void pack(Packer& out, const wire::Lease& lease) {
    out.map(16).field("type", "lease").field("lease", lease.lease);
    out.field("attempt", std::uint64_t{lease.attempt}).field("turn", lease.turn);
    out.field("session", lease.session).field("pipeline", lease.pipeline);
    out.field("locale", lease.locale).field("text", lease.text);
    out.str("history").array(lease.history.size());
    for (const auto& utterance : lease.history) {
        out.array(2).uint(static_cast<std::uint64_t>(utterance.role)).str(utterance.text);
    }
    if (lease.state.bytes.empty()) {
        out.str("state").map(0);
    } else {
        out.str("state").raw(lease.state.bytes);
    }
    out.str("checkpoint").array(lease.checkpoint.size());
    for (const auto& stage : lease.checkpoint) {
        out.map(stage_fields(stage));
        pack_stage(out, stage);
    }
    out.field("shown", lease.shown);
    out.field("on_lost", on_lost_names[static_cast<std::size_t>(lease.on_lost)]);
    out.field("left_ms", ms(lease.left)).field("reply_bytes_max", lease.reply_bytes_max);
    out.field("traceparent", lease.traceparent);
}
void pack(Packer& out, const wire::Stop& stop) {
    out.map(4).field("type", "stop").field("lease", stop.lease);
    out.str("fenced").boolean(stop.fenced).field("reason", stop.reason);
}
void pack(Packer& out, const wire::BeatAck& ack) {
    out.map(2).field("type", "beat").field("number", ack.number);
}
void pack(Packer& out, const wire::Kept& kept) {
    out.map(2).field("type", "kept").str("leases").array(kept.leases.size());
    for (const auto& [lease, ordinal] : kept.leases) out.array(2).uint(lease).uint(ordinal);
}
void pack(Packer& out, const wire::Resend& resend) {
    out.map(3).field("type", "resend").field("lease", resend.lease);
    out.field("ordinal", resend.ordinal);
}
void pack(Packer& out, const wire::Register&) { out.map(1).field("type", "register"); }

wire::Lease read_lease(Fields& fields) {
    wire::Lease lease;
    lease.lease = fields.uint("lease", uint_max);
    lease.attempt = static_cast<std::uint32_t>(fields.uint("attempt", 1'000'000));
    lease.turn = fields.id("turn");
    lease.session = fields.id("session");
    lease.pipeline = fields.id("pipeline");
    lease.locale = fields.str("locale", wire::locale_bytes_max, false);
    lease.text = fields.str("text", wire::message_bytes_max);
    for (const auto& item : fields.array("history", utterances_max)) {
        if (item.type != msgpack::type::ARRAY || item.via.array.size != 2 ||
            item.via.array.ptr[0].type != msgpack::type::POSITIVE_INTEGER ||
            item.via.array.ptr[0].via.u64 > 1) {
            fields.fail_field("history", "must hold pairs of a role and a text");
            break;
        }
        const auto text = checked_str(item.via.array.ptr[1], wire::message_bytes_max);
        if (!text) {
            fields.fail_field("history", text.error().message);
            break;
        }
        lease.history.push_back(
            {static_cast<wire::Role>(item.via.array.ptr[0].via.u64), std::string(*text)});
    }
    lease.state = read_packed(fields, "state", wire::state_bytes_max);
    for (const auto& item : fields.array("checkpoint", stages_max)) {
        Fields stage(item, "checkpoint");
        lease.checkpoint.push_back(read_stage(stage));
        if (!stage.ok()) {
            fields.fail(stage.error().code, stage.error().message);
            break;
        }
    }
    lease.shown = fields.str("shown", wire::message_bytes_max);
    lease.on_lost = static_cast<wire::OnLost>(fields.choice("on_lost", on_lost_names, 0));
    lease.left = read_ms(fields, "left_ms");
    lease.reply_bytes_max = fields.uint("reply_bytes_max", wire::message_bytes_max);
    lease.traceparent = fields.str("traceparent", wire::traceparent_bytes_max, false);
    return lease;
}

wire::Kept read_kept(Fields& fields) {
    wire::Kept kept;
    for (const auto& item : fields.array("leases", leases_max)) {
        const bool pair = item.type == msgpack::type::ARRAY && item.via.array.size == 2 &&
                          item.via.array.ptr[0].type == msgpack::type::POSITIVE_INTEGER &&
                          item.via.array.ptr[1].type == msgpack::type::POSITIVE_INTEGER;
        if (!pair) {
            fields.fail_field("leases", "must hold pairs of numbers");
            break;
        }
        kept.leases.emplace_back(item.via.array.ptr[0].via.u64, item.via.array.ptr[1].via.u64);
    }
    return kept;
}

wire::Stop read_stop(Fields& fields) {
    wire::Stop stop;
    stop.lease = fields.uint("lease", uint_max);
    stop.fenced = fields.boolean("fenced");
    stop.reason = fields.str("reason", wire::error_message_bytes_max, false);
    return stop;
}

template <class Message>
std::string encode(const Message& message) {
    std::string bytes;
    Packer out(bytes);
    std::visit([&](const auto& body) { pack(out, body); }, message);
    return bytes;
}

}  // namespace

void append_output(std::string& packed, const wire::Output& output) {
    Packer out(packed);
    out.map(3);
    pack_output(out, output);
}

std::string encode_outputs(std::size_t outputs, std::string_view packed) {
    std::string bytes;
    bytes.reserve(packed.size() + 32);
    Packer out(bytes);
    out.map(2).field("type", "outputs").str("all").array(outputs).raw(packed);
    return bytes;
}

std::string encode_from_worker(const wire::FromWorker& message) { return encode(message); }
std::string encode_to_worker(const wire::ToWorker& message) { return encode(message); }

Result<wire::FromWorker> decode_from_worker(std::string_view bytes) {
    const auto object = unpack(bytes);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "link");
    const auto type = fields.str("type", wire::id_bytes_max);
    wire::FromWorker message;
    if (type == "output") {
        message = read_output(fields);
    } else if (type == "outputs") {
        message = read_outputs(fields);
    } else if (type == "beat") {
        message = read_beat(fields);
    } else if (type == "ready") {
        message = read_ready(fields);
    } else if (type == "return") {
        wire::Return back;
        back.lease = fields.uint("lease", uint_max);
        back.reason = fields.str("reason", wire::error_message_bytes_max, false);
        message = std::move(back);
    } else {
        fields.fail_field("type", "is unknown");
    }
    fields.refuse_unknown();
    if (!fields.ok()) return tl::unexpected(fields.error());
    return message;
}

Result<wire::ToWorker> decode_to_worker(std::string_view bytes) {
    const auto object = unpack(bytes);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "link");
    const auto type = fields.str("type", wire::id_bytes_max);
    wire::ToWorker message;
    if (type == "lease") {
        message = read_lease(fields);
    } else if (type == "stop") {
        message = read_stop(fields);
    } else if (type == "beat") {
        message = wire::BeatAck{fields.uint("number", uint_max)};
    } else if (type == "welcome") {
        wire::Welcome welcome;
        welcome.broker = fields.id("broker");
        welcome.beat = read_ms(fields, "beat_ms");
        welcome.fence = read_ms(fields, "fence_ms");
        welcome.number = fields.uint("number", uint_max);
        message = std::move(welcome);
    } else if (type == "kept") {
        message = read_kept(fields);
    } else if (type == "resend") {
        const auto lease = fields.uint("lease", uint_max);
        message = wire::Resend{lease, fields.uint("ordinal", uint_max)};
    } else if (type == "register") {
        message = wire::Register{};
    } else {
        fields.fail_field("type", "is unknown");
    }
    fields.refuse_unknown();
    if (!fields.ok()) return tl::unexpected(fields.error());
    return message;
}

}  // namespace emostage::codec
