#include "core/codec/codec.hpp"
#include "core/codec/event_fields.hpp"
#include "core/codec/names.hpp"

namespace emostage::codec {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

constexpr std::uint64_t uint_max = std::numeric_limits<std::uint64_t>::max();

void pack_limits(Packer& out, const wire::Limits& limits) {
    out.str("limits").map(6);
    out.field("text_bytes", limits.text_bytes);
    out.field("history_utterances", limits.history_utterances);
    out.field("history_bytes", limits.history_bytes);
    out.field("reply_bytes", limits.reply_bytes);
    out.field("deadline_ms", limits.deadline_ms);
    out.field("retention_ms", limits.retention_ms);
}

wire::Limits read_limits(Fields& hello) {
    const auto* object = hello.find("limits");
    wire::Limits limits;
    if (object == nullptr) return limits;
    Fields fields(*object, "limits");
    limits.text_bytes = fields.uint("text_bytes", uint_max, false, 0);
    limits.history_utterances = fields.uint("history_utterances", uint_max, false, 0);
    limits.history_bytes = fields.uint("history_bytes", uint_max, false, 0);
    limits.reply_bytes = fields.uint("reply_bytes", uint_max, false, 0);
    limits.deadline_ms = fields.uint("deadline_ms", uint_max, false, 0);
    limits.retention_ms = fields.uint("retention_ms", uint_max, false, 0);
    if (!fields.ok()) hello.fail(fields.error().code, fields.error().message);
    return limits;
}

// The map's size is `common` plus what the body adds.
void pack_event(Packer& out, const wire::Event& event) {
    const auto begin = [&](const auto& type, std::size_t adds) {
        const bool turn = !event.turn.empty();
        const bool session = !event.session.empty();
        const bool numbered = event.seq != 0;
        out.map(2 + adds + turn + session + (numbered ? 2u : 0u)).str("type").str(type);
        if (turn) out.field("turn", event.turn);
        if (session) out.field("session", event.session);
        if (numbered) out.field("seq", event.seq).field("attempt", std::uint64_t{event.attempt});
        out.field("at_ms", event.at_ms);
    };
    std::visit(Overloaded{
                   [&](const wire::Hello& hello) {
                       begin("hello", 2);
                       out.field("protocol", static_cast<std::uint64_t>(hello.protocol));
                       pack_limits(out, hello.limits);
                   },
                   [&](const wire::Beacon& beacon) {
                       begin("beacon", 1);
                       out.str("live").array(beacon.live.size());
                       for (const auto& [turn, last] : beacon.live)
                           out.array(2).str(turn).uint(last);
                   },
                   [&](const wire::Pipelines& pipelines) {
                       begin("pipelines", 1);
                       out.str("names").array(pipelines.names.size());
                       for (const auto& pipeline : pipelines.names) out.str(pipeline);
                   },
                   [&](const wire::Accepted& accepted) {
                       begin("accepted", 1);
                       out.field("position", accepted.position);
                   },
                   [&](const wire::Started& started) {
                       begin("started", 1);
                       out.field("worker", started.worker);
                   },
                   [&](const wire::Stage& stage) {
                       begin("stage", stage_fields(stage));
                       pack_stage(out, stage);
                   },
                   [&](const wire::Delta& delta) {
                       begin("delta", 1u + (delta.from != 0));
                       out.field("text", delta.text);
                       if (delta.from != 0) out.field("from", delta.from);
                   },
                   [&](const wire::Reset& reset) {
                       begin("reset", 1u + (reset.from != 0));
                       out.field("reason", reset.reason);
                       if (reset.from != 0) out.field("from", reset.from);
                   },
                   [&](const wire::Alert& alert) {
                       begin("alert", 3);
                       pack_alert(out, alert);
                   },
                   [&](const wire::Completed& completed) {
                       begin("completed", 6);
                       pack_completed(out, completed);
                   },
                   [&](const wire::Failed& failed) {
                       begin("failed", 3u + (failed.from != 0));
                       pack_failed(out, failed);
                       if (failed.from != 0) out.field("from", failed.from);
                   },
                   [&](const wire::Cancelled& cancelled) {
                       begin("cancelled", 1u + (cancelled.from != 0));
                       out.field("reason", cancelled.reason);
                       if (cancelled.from != 0) out.field("from", cancelled.from);
                   },
                   [&](const wire::Rejected& rejected) {
                       begin("rejected", 2u + rejected.retry_after_ms.has_value());
                       out.field("code", name(rejected.code)).field("message", rejected.message);
                       if (rejected.retry_after_ms)
                           out.field("retry_after_ms", *rejected.retry_after_ms);
                   },
                   [&](const wire::Other&) { begin("other", 0); },
               },
               event.body);
}

wire::Beacon read_beacon(Fields& fields) {
    wire::Beacon beacon;
    for (const auto& item : fields.array("live", wire::events_per_batch_max)) {
        if (item.type != msgpack::type::ARRAY || item.via.array.size != 2 ||
            item.via.array.ptr[1].type != msgpack::type::POSITIVE_INTEGER) {
            fields.fail_field("live", "must hold pairs of a turn and a number");
            break;
        }
        const auto turn = checked_str(item.via.array.ptr[0], wire::id_bytes_max);
        if (!turn) {
            fields.fail_field("live", turn.error().message);
            break;
        }
        beacon.live.emplace_back(std::string(*turn), item.via.array.ptr[1].via.u64);
    }
    return beacon;
}

wire::Pipelines read_pipelines(Fields& fields) {
    wire::Pipelines pipelines;
    for (const auto& item : fields.array("names", wire::pipelines_told_max)) {
        const auto pipeline = checked_str(item, wire::id_bytes_max);
        if (!pipeline || !is_id(*pipeline)) {
            fields.fail_field("names", "must hold ids");
            break;
        }
        pipelines.names.emplace_back(*pipeline);
    }
    return pipelines;
}

wire::EventBody read_body(std::string_view type, Fields& fields) {
    if (type == "delta") {
        wire::Delta delta;
        delta.text = fields.str("text", wire::message_bytes_max);
        delta.from = fields.uint("from", uint_max, false);
        return delta;
    }
    if (type == "hello") {
        wire::Hello hello;
        hello.protocol = static_cast<int>(fields.uint("protocol", 255));
        hello.limits = read_limits(fields);
        return hello;
    }
    if (type == "beacon") return read_beacon(fields);
    if (type == "pipelines") return read_pipelines(fields);
    if (type == "accepted") return wire::Accepted{fields.uint("position", uint_max)};
    if (type == "started") {
        return wire::Started{std::string(fields.str("worker", wire::id_bytes_max))};
    }
    if (type == "stage") return read_stage(fields);
    if (type == "reset") {
        wire::Reset reset;
        reset.reason = fields.str("reason", wire::error_message_bytes_max);
        reset.from = fields.uint("from", uint_max, false);
        return reset;
    }
    if (type == "alert") return read_alert(fields);
    if (type == "completed") return read_completed(fields);
    if (type == "failed") {
        auto failed = read_failed(fields);
        failed.from = fields.uint("from", uint_max, false);
        return failed;
    }
    if (type == "cancelled") {
        wire::Cancelled cancelled;
        cancelled.reason = fields.str("reason", wire::error_message_bytes_max);
        cancelled.from = fields.uint("from", uint_max, false);
        return cancelled;
    }
    if (type == "rejected") {
        wire::Rejected rejected;
        rejected.code = errc_from(fields.str("code", wire::id_bytes_max));
        rejected.message = fields.str("message", wire::error_message_bytes_max);
        if (fields.find("retry_after_ms") != nullptr) {
            rejected.retry_after_ms = fields.integer("retry_after_ms");
        }
        return rejected;
    }
    return wire::Other{};
}

// Unknown fields are skipped: a newer broker may add some.
Result<wire::Event> read_event(const msgpack::object& object) {
    Fields fields(object, "event");
    wire::Event event;
    const auto type = fields.str("type", wire::id_bytes_max);
    event.turn = fields.id("turn", false);
    event.session = fields.id("session", false);
    event.seq = fields.uint("seq", uint_max, false);
    event.attempt = static_cast<std::uint32_t>(
        fields.uint("attempt", std::numeric_limits<std::uint32_t>::max(), false));
    event.at_ms = fields.integer("at_ms", false);
    event.body = read_body(type, fields);
    if (!fields.ok()) return tl::unexpected(fields.error());
    return event;
}

}  // namespace

void append_event(std::string& bytes, const wire::Event& event) {
    Packer out(bytes);
    pack_event(out, event);
}

std::size_t begin_events(std::string& bytes, std::string_view broker) {
    Packer out(bytes);
    out.map(3).field("v", std::uint64_t{wire::protocol_version}).field("broker", broker);
    // An array of 16 bits, however few there will be: its size can be set when they are known.
    out.str("events").raw(std::string_view("\xdc\0\0", 3));
    return bytes.size() - 2;
}

void end_events(std::string& bytes, std::size_t place, std::size_t events) {
    static_assert(wire::events_per_batch_max <= 0xffff);
    bytes[place] = static_cast<char>(events >> 8);
    bytes[place + 1] = static_cast<char>(events);
}

std::string encode_events(const wire::EventBatch& batch) {
    std::string bytes;
    const auto place = begin_events(bytes, batch.broker);
    for (const auto& event : batch.events) append_event(bytes, event);
    end_events(bytes, place, batch.events.size());
    return bytes;
}

Result<wire::EventBatch> decode_events(std::string_view bytes) {
    const auto object = unpack(bytes);
    if (!object) return tl::unexpected(object.error());
    Fields fields(*object, "batch");
    const auto version = fields.uint("v", 255);
    if (fields.ok() && version != wire::protocol_version) {
        return fail(Errc::unsupported_version, "events of a version that is not spoken here");
    }
    wire::EventBatch batch;
    batch.broker = fields.id("broker");
    const auto events = fields.array("events", wire::events_per_batch_max);
    if (!fields.ok()) return tl::unexpected(fields.error());
    batch.events.reserve(events.size());
    for (const auto& item : events) {
        auto event = read_event(item);
        if (!event) return tl::unexpected(event.error());
        batch.events.push_back(std::move(*event));
    }
    return batch;
}

}  // namespace emostage::codec
