#include <algorithm>

#include "core/codec/codec.hpp"
#include "core/codec/event_fields.hpp"
#include "core/codec/names.hpp"
#include "core/codec/outputs.hpp"

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

// It is shown to people and programs that ask for it: of these characters alone.
bool is_address(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == ':' || c == '-' || c == '_' || c == '[' || c == ']';
    });
}

// --- worker to broker ----------------------------------------------------------------------

void pack(Packer& out, const wire::Ready& ready) {
    out.map(7).field("type", "ready").field("v", std::uint64_t{wire::link_version});
    out.field("worker", ready.worker).field("instance", ready.instance);
    out.field("slots", std::uint64_t{ready.slots}).str("pipelines").array(ready.pipelines.size());
    for (const auto& pipeline : ready.pipelines) out.str(pipeline);
    out.field("admin", ready.admin);
}
void pack(Packer& out, const wire::Beat& beat) {
    out.map(6).field("type", "beat").field("instance", beat.instance).field("number", beat.number);
    out.str("leases").array(beat.leases.size());
    for (const auto lease : beat.leases) out.uint(lease);
    out.str("draining").boolean(beat.draining).field("welcome", beat.welcome);
}
void pack(Packer& out, const wire::Output& output) { pack_output(out, output); }
void pack(Packer& out, const wire::Outputs& outputs) { pack_outputs(out, outputs); }
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
    ready.admin = fields.str("admin", wire::admin_bytes_max, false);
    if (!is_address(ready.admin)) fields.fail_field("admin", "must be HOST:PORT");
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

std::string encode_from_worker(const wire::FromWorker& message) { return encode(message); }
std::string encode_to_worker(const wire::ToWorker& message) { return encode(message); }

Result<wire::FromWorker> decode_from_worker(std::string_view bytes) {
    if (auto outputs = read_outputs_in_place(bytes)) return std::move(*outputs);
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
