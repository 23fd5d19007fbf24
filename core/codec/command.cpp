#include <algorithm>

#include "core/codec/codec.hpp"
#include "core/codec/fields.hpp"
#include "core/codec/names.hpp"
#include "core/codec/pack.hpp"

namespace emostage::codec {

namespace {

std::vector<wire::Utterance> read_history(Fields& open, std::span<const msgpack::object> items,
                                          const wire::Limits& limits) {
    std::vector<wire::Utterance> history;
    history.reserve(items.size());
    std::size_t bytes = 0;
    for (const auto& item : items) {
        Fields fields(item, "history");
        wire::Utterance utterance;
        utterance.role =
            static_cast<wire::Role>(fields.choice("role", role_names, role_names.size()));
        utterance.text = fields.str("text", limits.history_bytes);
        if (fields.ok() && static_cast<std::size_t>(utterance.role) >= role_names.size()) {
            fields.fail_field("role", "is missing");
        }
        fields.refuse_unknown();
        if (!fields.ok()) {
            open.fail(fields.error().code, "open: " + fields.error().message);
            return {};
        }
        bytes += utterance.text.size();
        if (bytes > limits.history_bytes) {
            open.fail(Errc::too_large, "open: field \"history\" has more than " +
                                           std::to_string(limits.history_bytes) + " bytes of text");
            return {};
        }
        history.push_back(std::move(utterance));
    }
    return history;
}

wire::Open read_open(Fields& fields, const wire::Limits& limits) {
    wire::Open open;
    open.session = fields.id("session");
    open.text = fields.str("text", limits.text_bytes);
    if (fields.ok() && open.text.empty()) fields.fail_field("text", "is empty");
    if (fields.has("history")) {
        open.history =
            read_history(fields, fields.array("history", limits.history_utterances), limits);
    }
    open.locale = fields.str("locale", wire::locale_bytes_max, false);
    if (!is_locale(open.locale))
        fields.fail_field("locale", "must be a language tag such as ja, zh or en");
    open.pipeline = fields.id("pipeline", false);
    if (fields.has("deadline_ms")) {
        open.deadline =
            std::chrono::milliseconds(fields.uint("deadline_ms", limits.deadline_ms, true, 1));
    }
    open.priority = static_cast<wire::Priority>(fields.choice(
        "priority", priority_names, static_cast<std::size_t>(wire::Priority::normal)));
    open.on_busy = static_cast<wire::OnBusy>(
        fields.choice("on_busy", on_busy_names, static_cast<std::size_t>(wire::OnBusy::enqueue)));
    open.on_lost = static_cast<wire::OnLost>(
        fields.choice("on_lost", on_lost_names, static_cast<std::size_t>(wire::OnLost::go_on)));
    open.traceparent = fields.str("traceparent", wire::traceparent_bytes_max, false);
    if (!open.traceparent.empty() && !is_traceparent(open.traceparent)) {
        fields.fail_field("traceparent", "must be a W3C trace context of version 00");
    }
    return open;
}

}  // namespace

bool is_id(std::string_view text) {
    if (text.empty() || text.size() > wire::id_bytes_max) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == ':' || c == '-';
    });
}

bool is_locale(std::string_view text) {
    if (text.size() > wire::locale_bytes_max) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

bool is_traceparent(std::string_view text) {
    if (text.size() != wire::traceparent_bytes_max || !text.starts_with("00-")) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 2 || i == 35 || i == 52;
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

tl::expected<wire::Command, BadCommand> decode_command(std::string_view bytes,
                                                       const wire::Limits& limits) {
    const auto object = unpack(bytes);
    if (!object) return tl::unexpected(BadCommand{{}, {}, object.error()});

    // The names first and by themselves: they are where a refusal is sent, whatever else is wrong.
    BadCommand bad;
    {
        Fields names(*object, "command");
        const auto gateway = names.id("gateway");
        if (names.ok()) bad.gateway = gateway;
        Fields again(*object, "command");
        const auto turn = again.id("turn");
        if (again.ok()) bad.turn = turn;
    }

    Fields fields(*object, "command");
    const auto version = fields.uint("v", std::numeric_limits<std::uint64_t>::max());
    if (fields.ok() && version != wire::protocol_version) {
        fields.fail(Errc::unsupported_version,
                    "command: version " + std::to_string(version) + " is not spoken here, only 1");
    }
    const auto type = fields.choice("type", command_names, command_names.size());
    if (fields.ok() && type >= command_names.size()) fields.fail_field("type", "is missing");
    const std::string gateway(fields.id("gateway"));
    const std::string turn(fields.id("turn"));

    wire::Command command;
    if (fields.ok()) {
        switch (type) {
            case 0: {
                auto open = read_open(fields, limits);
                open.gateway = gateway;
                open.turn = turn;
                command = std::move(open);
                break;
            }
            case 1:
                command = wire::Cancel{gateway, turn};
                break;
            default: {
                const auto after = fields.uint("after", std::numeric_limits<std::uint64_t>::max());
                command = wire::Resume{gateway, turn, after};
            }
        }
        fields.refuse_unknown();
    }
    if (!fields.ok()) {
        bad.error = fields.error();
        return tl::unexpected(std::move(bad));
    }
    return command;
}

std::string encode_command(const wire::Command& command) {
    std::string bytes;
    Packer out(bytes);
    if (const auto* open = std::get_if<wire::Open>(&command)) {
        bytes.reserve(256 + open->text.size());
        const bool on_busy = open->on_busy != wire::OnBusy::enqueue;
        const bool on_lost = open->on_lost != wire::OnLost::go_on;
        const bool priority = open->priority != wire::Priority::normal;
        out.map(6u + open->history.has_value() + !open->locale.empty() + !open->pipeline.empty() +
                open->deadline.has_value() + priority + on_busy + on_lost +
                !open->traceparent.empty());
        out.str("type").str("open").field("v", std::uint64_t{wire::protocol_version});
        out.field("gateway", open->gateway)
            .field("turn", open->turn)
            .field("session", open->session);
        out.field("text", open->text);
        if (open->history) {
            out.str("history").array(open->history->size());
            for (const auto& utterance : *open->history) {
                out.map(2).field("role", role_names[static_cast<std::size_t>(utterance.role)]);
                out.field("text", utterance.text);
            }
        }
        if (!open->locale.empty()) out.field("locale", open->locale);
        if (!open->pipeline.empty()) out.field("pipeline", open->pipeline);
        if (open->deadline) {
            out.field("deadline_ms", static_cast<std::uint64_t>(open->deadline->count()));
        }
        if (priority)
            out.field("priority", priority_names[static_cast<std::size_t>(open->priority)]);
        if (on_busy) out.field("on_busy", on_busy_names[static_cast<std::size_t>(open->on_busy)]);
        if (on_lost) out.field("on_lost", on_lost_names[static_cast<std::size_t>(open->on_lost)]);
        if (!open->traceparent.empty()) out.field("traceparent", open->traceparent);
    } else if (const auto* cancel = std::get_if<wire::Cancel>(&command)) {
        out.map(4).str("type").str("cancel").field("v", std::uint64_t{wire::protocol_version});
        out.field("gateway", cancel->gateway).field("turn", cancel->turn);
    } else {
        const auto& resume = std::get<wire::Resume>(command);
        out.map(5).str("type").str("resume").field("v", std::uint64_t{wire::protocol_version});
        out.field("gateway", resume.gateway)
            .field("turn", resume.turn)
            .field("after", resume.after);
    }
    return bytes;
}

}  // namespace emostage::codec
