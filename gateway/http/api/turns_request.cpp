#include <array>

#include "core/codec/codec.hpp"
#include "gateway/http/api/request_parts.hpp"

namespace emostage::http {

namespace {

// In the order of wire::Role.
constexpr std::array<std::string_view, 2> role_names{"user", "assistant"};

void read_history(JsonFields& fields, gateway::OpenRequest& open) {
    const auto list = fields.list("history", messages_max);
    if (!list) return;
    auto& history = open.history.emplace();
    std::size_t at = 0;
    for (const auto element : *list) {
        auto said = fields.item("history", at++, element);
        if (!said) return;
        const std::size_t role = said->choice("role", role_names, role_names.size());
        if (role == role_names.size()) said->refuse_missing("role");
        const auto text = said->text("text");
        if (!text) said->refuse_missing("text");
        said->refuse_unknown();
        if (!said->ok()) return;
        history.push_back({static_cast<wire::Role>(role), std::string(*text)});
    }
}

}  // namespace

ApiResult<TurnRequest> read_turns_request(std::string_view text, const RequestContext& context) {
    JsonBody body;
    JsonFields fields = body.parse(text);
    TurnRequest request;
    request.on_disconnect = OnDisconnect::go_on;
    request.include_stages = true;
    auto& open = request.open;
    if (const auto said = fields.text("text")) {
        if (said->empty()) fields.refuse("text", "is empty");
        open.text = *said;
    } else {
        fields.refuse_missing("text");
    }
    if (const auto pipeline = fields.text("pipeline")) {
        if (!codec::is_id(*pipeline)) {
            fields.refuse("pipeline", "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
        }
        request.model = *pipeline;
        open.pipeline = *pipeline;
    }
    read_history(fields, open);
    read_run(fields, open);
    const auto session = fields.text("session");
    fields.refuse_unknown();
    set_names(fields, context, session.value_or(""), request);
    if (!body.ok()) return tl::unexpected(body.refusal());
    return request;
}

}  // namespace emostage::http
