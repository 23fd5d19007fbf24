#include "gateway/http/api/request_parts.hpp"

#include <algorithm>
#include <array>

#include "core/codec/codec.hpp"

namespace emostage::http {

namespace {

template <class Enum, std::size_t size>
void read_choice(JsonFields& fields, std::string_view key,
                 const std::array<std::string_view, size>& names, Enum& value) {
    value = static_cast<Enum>(fields.choice(key, names, static_cast<std::size_t>(value)));
}

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> on_lost_names{"continue", "reset", "fail"};
constexpr std::array<std::string_view, 3> on_busy_names{"enqueue", "reject", "interrupt"};
constexpr std::array<std::string_view, 3> priority_names{"low", "normal", "high"};
constexpr std::array<std::string_view, 2> on_disconnect_names{"cancel", "continue"};
// The first two are those of wire::Role.
constexpr std::array<std::string_view, 4> role_names{"user", "assistant", "system", "developer"};
constexpr std::size_t roles_said = 2;

void add_ignored(std::string_view name, TurnRequest& request) {
    auto& names = request.ignored;
    if (names.size() == ignored_max) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

std::string read_content(JsonFields& message, const MessageForm& form) {
    const auto content = message.find("content");
    std::string_view whole;
    if (!content) {
        message.refuse_missing("content");
        return {};
    }
    if (content->get(whole) == simdjson::SUCCESS) return std::string(whole);
    if (!content->is_array()) {
        message.refuse("content", "must be a string or a list of text parts");
        return {};
    }
    const auto parts = message.list("content", parts_max);
    if (!parts) return {};
    std::string text;
    std::size_t at = 0;
    for (const auto element : *parts) {
        auto part = message.item("content", at, element);
        if (!part) return {};
        if (!part->has("type")) part->refuse_missing("type");
        part->choice("type", form.part_types, 0);
        const auto piece = part->text("text");
        if (!piece) part->refuse_missing("text");
        if (!part->ok()) return {};
        if (at++ > 0) text += '\n';
        text += *piece;
    }
    return text;
}

}  // namespace

void read_model(JsonFields& body, TurnRequest& request) {
    const auto model = body.text("model");
    if (!model) return body.refuse_missing("model");
    if (!codec::is_id(*model)) {
        return body.refuse(api_error(Errc::unknown_pipeline, "no worker serves this model"));
    }
    request.model = *model;
    request.open.pipeline = *model;
}

void read_run(JsonFields& fields, gateway::OpenRequest& open) {
    read_choice(fields, "on_lost", on_lost_names, open.on_lost);
    read_choice(fields, "on_busy", on_busy_names, open.on_busy);
    read_choice(fields, "priority", priority_names, open.priority);
    if (const auto locale = fields.text("locale")) {
        if (!codec::is_locale(*locale)) {
            fields.refuse("locale", "must be a language tag such as ja, zh or en");
        }
        open.locale = *locale;
    }
    if (const auto deadline = fields.number("deadline_ms", 1, deadline_ms_max)) {
        open.deadline = milliseconds(static_cast<std::int64_t>(*deadline));
    }
}

void read_wishes(JsonFields& body, TurnRequest& request) {
    auto wishes = body.object("emostage");
    if (!wishes) return;
    read_choice(*wishes, "on_disconnect", on_disconnect_names, request.on_disconnect);
    read_run(*wishes, request.open);
    request.include_stages = wishes->boolean("include_stages") || request.include_stages;
    wishes->refuse_unknown();
}

void read_ignored(JsonFields& body, std::span<const std::string_view> names, TurnRequest& request) {
    for (const auto name : names) {
        if (body.has(name)) add_ignored(name, request);
    }
}

std::vector<wire::Utterance> read_messages(JsonFields& body, const MessageForm& form,
                                           TurnRequest& request) {
    const auto list = body.list(form.key, messages_max);
    if (!list) {
        body.refuse_missing(form.key);
        return {};
    }
    std::vector<wire::Utterance> said;
    std::string last;  // the path of the last one's fields
    std::size_t at = 0;
    for (const auto element : *list) {
        auto message = body.item(form.key, at, element);
        if (!message) return {};
        if (form.items_have_types && message->has("type")) {
            static constexpr std::array<std::string_view, 1> taken{"message"};
            message->choice("type", taken, 0);
        }
        const std::size_t role = message->choice("role", role_names, role_names.size());
        if (role == role_names.size()) message->refuse_missing("role");
        if (!message->ok()) return {};
        if (role < roles_said) {
            said.push_back({static_cast<wire::Role>(role), read_content(*message, form)});
            last = std::string(form.key) + "." + std::to_string(at) + ".";
        } else {
            add_ignored(role_names[role], request);
        }
        ++at;
    }
    if (said.empty()) {
        body.refuse(form.key, "must have a message of the user");
    } else if (said.back().role != wire::Role::user) {
        body.refuse(last + "role", "must be user: the last message is what the client says");
    } else if (said.back().text.empty()) {
        body.refuse(last + "content", "is empty");
    }
    return said;
}

bool set_names(JsonFields& body, const RequestContext& context, std::string_view session,
               TurnRequest& request) {
    auto& open = request.open;
    if (codec::is_traceparent(context.traceparent)) open.traceparent = context.traceparent;
    if (!context.idempotency_key.empty()) {
        auto turn = scoped_turn(context.scope, context.idempotency_key);
        if (!turn) {
            body.refuse(std::move(turn.error()));
            return false;
        }
        open.turn = std::move(*turn);
    }
    const std::string_view name = context.session.empty() ? session : context.session;
    // The same request again has to name the same session.
    open.session = name.empty() ? open.turn : session_id(context.scope, name);
    return !name.empty();
}

void set_turn(JsonFields& body, const RequestContext& context, std::string_view session,
              std::vector<wire::Utterance> said, TurnRequest& request) {
    const bool named = set_names(body, context, session, request);
    if (!body.ok() || said.empty()) return;
    request.open.text = std::move(said.back().text);
    said.pop_back();
    if (!named || !said.empty()) request.open.history = std::move(said);
}

}  // namespace emostage::http
