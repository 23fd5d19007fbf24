#include "gateway/http/server/turn_routes.hpp"

#include <nlohmann/json.hpp>

#include "core/codec/codec.hpp"
#include "core/config/settings.hpp"
#include "gateway/client/event_json.hpp"

namespace emostage::http {
namespace {

constexpr std::string_view response_prefix = "resp_";

ApiError not_found(std::string code, std::string message) {
    return {404, "invalid_request_error", std::move(code), std::move(message)};
}

// A turn's number, as clients give it back.
ApiResult<std::uint64_t> number(std::string_view text, const char* param) {
    const auto value = config::Settings::whole_number(text, 0, std::uint64_t{1} << 53);
    if (value) return *value;
    return tl::unexpected(invalid("invalid_value", "a turn's number is wanted", param));
}

ApiResult<bool> flag(std::string_view query, const char* name) {
    std::string value;
    if (!query_value(query, name, value)) return false;
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    return tl::unexpected(invalid("invalid_value", "true or false is wanted", name));
}

ApiResult<RequestContext> context_of(const Request& request, const Asked& asked) {
    RequestContext context;
    context.scope = asked.scope;
    context.session = request.field("x-session-id");
    context.idempotency_key = request.field("idempotency-key");
    context.traceparent = request.field("traceparent");
    const auto& key = context.idempotency_key;
    if (!key.empty() && (!codec::is_id(key) || key.size() > client_id_bytes_max)) {
        return tl::unexpected(
            invalid("invalid_value", "Idempotency-Key must be 1 to 40 of A-Z a-z 0-9 . _ : -"));
    }
    return context;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string session_of(const std::string& scope, const std::string& session) {
    return std::string(client_turn(scope, session));
}

}  // namespace

ApiResult<void> TurnRoutes::handle(const Request& request, const Match& match, const Asked& asked,
                                   Outlets outlet) {
    if (match.route == Route::chat || match.route == Route::responses ||
        match.route == Route::turns) {
        return open(request, asked, outlet);
    }
    std::string id = match.id;
    const bool response = match.route == Route::response || match.route == Route::response_cancel;
    if (response) {
        if (id.substr(0, response_prefix.size()) != response_prefix) {
            return tl::unexpected(not_found("not_found", "there is no such response"));
        }
        id.erase(0, response_prefix.size());
    }
    const auto turn = scoped_turn(asked.scope, id);
    if (!turn) return tl::unexpected(not_found("unknown_turn", "there is no such turn"));
    switch (match.route) {
        case Route::response:
            return read_response(request, id, asked, outlet);
        case Route::response_cancel:
            return cancel_response(id, asked, outlet);
        case Route::turn_events:
            return read_events(request, id, asked, outlet);
        default:
            request.method == "DELETE" ? cancel_turn(*turn, asked, outlet)
                                       : read_turn(id, *turn, asked, outlet);
            return {};
    }
}

std::string TurnRoutes::default_model() const {
    const auto& pipelines = client_.pipelines();
    return pipelines.empty() ? std::string() : pipelines.front();
}

AnswerHead TurnRoutes::head_of(const std::string& shown_turn, std::string model) const {
    return {shown_turn, model.empty() ? default_model() : std::move(model), now().unix_ms / 1000};
}

Exchange& TurnRoutes::add(const Asked& asked, std::string_view shown_turn, Outlets outlet) {
    outlet->add_field("x-emostage-turn", std::string(shown_turn));
    return exchanges_.add(asked, std::move(outlet));
}

std::unique_ptr<HttpTurn> TurnRoutes::stream(std::unique_ptr<Dialect> dialect, Exchange& exchange,
                                             std::optional<StreamTurn::Resume> resume) {
    return std::make_unique<StreamTurn>(std::move(dialect), exchange.outlet(), limits_.stream,
                                        Clock::now(), resume);
}

std::unique_ptr<HttpTurn> TurnRoutes::whole(WholeTurn::When when, WholeTurn::Render render,
                                            Exchange& exchange) {
    return std::make_unique<WholeTurn>(when, std::move(render), exchange.outlet(), limits_.whole,
                                       Clock::now());
}

// --- new turns -----------------------------------------------------------------------------------

ApiResult<void> TurnRoutes::open(const Request& request, const Asked& asked, Outlets outlet) {
    const auto context = context_of(request, asked);
    if (!context) return tl::unexpected(context.error());
    auto wanted = asked.route == Route::chat        ? read_chat_request(request.body, *context)
                  : asked.route == Route::responses ? read_responses_request(request.body, *context)
                                                    : read_turns_request(request.body, *context);
    if (!wanted) return tl::unexpected(wanted.error());
    auto& open = wanted->open;
    if (open.turn.empty()) {
        auto turn = scoped_turn(asked.scope, gateway::make_turn_id(random_));
        if (!turn) return tl::unexpected(turn.error());
        open.turn = std::move(*turn);
    }
    if (open.session.empty()) open.session = open.turn;
    const std::string shown(client_turn(asked.scope, open.turn));
    if (!wanted->ignored.empty()) {
        outlet->add_field("x-emostage-ignored", joined(wanted->ignored));
    }
    Exchange& exchange = add(asked, shown, outlet);
    exchange.tell(told(*wanted, head_of(shown, wanted->model), asked, exchange),
                  wanted->on_disconnect);
    exchanges_.open(exchange, std::move(open));
    return {};
}

std::unique_ptr<HttpTurn> TurnRoutes::told(const TurnRequest& wanted, const AnswerHead& head,
                                           const Asked& asked, Exchange& exchange) {
    using When = WholeTurn::When;
    using Answer = ApiResult<WholeTurn::Answer>;
    const auto failure = [](const TurnRecord& record) {
        return record.status() != TurnRecord::Status::completed;
    };
    const bool stages = wanted.include_stages;
    if (asked.route == Route::chat) {
        if (wanted.stream) {
            return stream(make_chat_stream(head, wanted.include_usage, stages), exchange);
        }
        return whole(
            When::ended,
            [head, stages, failure](const TurnRecord& record) -> Answer {
                if (failure(record)) return tl::unexpected(error_of(*record.end()));
                return WholeTurn::Answer{200, chat_json(record, head, stages)};
            },
            exchange);
    }
    if (asked.route == Route::responses) {
        const bool background = wanted.background;
        if (wanted.stream) {
            return stream(make_response_stream(head, background, stages), exchange);
        }
        return whole(
            background ? When::accepted : When::ended,
            [head, background, failure](const TurnRecord& record) -> Answer {
                if (!background && failure(record)) return tl::unexpected(error_of(*record.end()));
                return WholeTurn::Answer{200, response_json(record, head, background)};
            },
            exchange);
    }
    return whole(
        When::accepted,
        [turn = head.turn,
         session = session_of(asked.scope, wanted.open.session)](const TurnRecord&) -> Answer {
            const nlohmann::ordered_json json{
                {"turn", turn}, {"session", session}, {"events", "/v1/turns/" + turn + "/events"}};
            return WholeTurn::Answer{202, json.dump()};
        },
        exchange);
}

// --- turns that are there ------------------------------------------------------------------------

ApiResult<void> TurnRoutes::read_response(const Request& request, const std::string& id,
                                          const Asked& asked, Outlets outlet) {
    const auto streamed = flag(request.query, "stream");
    if (!streamed) return tl::unexpected(streamed.error());
    const auto stages = flag(request.query, "include_stages");
    if (!stages) return tl::unexpected(stages.error());
    std::uint64_t after = 0;
    if (std::string text; query_value(request.query, "starting_after", text)) {
        const auto value = number(text, "starting_after");
        if (!value) return tl::unexpected(value.error());
        after = *value;
    }
    if (after > 0 && !*streamed) {
        return tl::unexpected(
            invalid("invalid_value", "starting_after is for streams", "starting_after"));
    }
    const AnswerHead head = head_of(id, "");
    const std::string turn = *scoped_turn(asked.scope, id);
    Exchange& exchange = add(asked, id, outlet);
    if (*streamed) {
        exchange.tell(stream(make_response_stream(head, true, *stages, after), exchange,
                             StreamTurn::Resume{after, false}),
                      OnDisconnect::go_on);
    } else {
        exchange.tell(whole(
                          WholeTurn::When::settled,
                          [head](const TurnRecord& record) -> ApiResult<WholeTurn::Answer> {
                              return WholeTurn::Answer{200, response_json(record, head, true)};
                          },
                          exchange),
                      OnDisconnect::go_on);
    }
    exchanges_.join(exchange, turn, after);
    return {};
}

ApiResult<void> TurnRoutes::cancel_response(const std::string& id, const Asked& asked,
                                            Outlets outlet) {
    const std::string turn = *scoped_turn(asked.scope, id);
    Exchange& exchange = add(asked, id, outlet);
    exchange.tell(
        whole(
            WholeTurn::When::ended,
            [head = head_of(id, "")](const TurnRecord& record) -> ApiResult<WholeTurn::Answer> {
                return WholeTurn::Answer{200, response_json(record, head, true)};
            },
            exchange),
        OnDisconnect::go_on);
    exchanges_.join(exchange, turn);
    exchanges_.cancel(exchange);
    return {};
}

ApiResult<void> TurnRoutes::read_events(const Request& request, const std::string& id,
                                        const Asked& asked, Outlets outlet) {
    StreamTurn::Resume resume{0, true};
    std::string text(request.field("last-event-id"));
    if (!text.empty() || query_value(request.query, "after", text)) {
        const auto value = number(text, "after");
        if (!value) return tl::unexpected(value.error());
        resume.after = *value;
    }
    auto on_disconnect = OnDisconnect::go_on;
    if (query_value(request.query, "on_disconnect", text)) {
        if (text != "cancel" && text != "continue") {
            return tl::unexpected(
                invalid("invalid_value", "cancel or continue is wanted", "on_disconnect"));
        }
        if (text == "cancel") on_disconnect = OnDisconnect::cancel;
    }
    const std::string turn = *scoped_turn(asked.scope, id);
    Exchange& exchange = add(asked, id, outlet);
    exchange.tell(stream(make_turn_stream(asked.scope), exchange, resume), on_disconnect);
    exchanges_.join(exchange, turn, resume.after);
    return {};
}

void TurnRoutes::read_turn(const std::string& id, const std::string& turn, const Asked& asked,
                           Outlets outlet) {
    Exchange& exchange = add(asked, id, outlet);
    exchange.tell(whole(
                      WholeTurn::When::settled,
                      [id](const TurnRecord& record) -> ApiResult<WholeTurn::Answer> {
                          return WholeTurn::Answer{200, turn_json(record, id)};
                      },
                      exchange),
                  OnDisconnect::go_on);
    exchanges_.join(exchange, turn);
}

void TurnRoutes::cancel_turn(const std::string& turn, const Asked& asked, Outlets outlet) {
    Exchange& exchange = add(asked, client_turn(asked.scope, turn), outlet);
    exchange.tell(
        whole(
            WholeTurn::When::ended,
            [scope = asked.scope](const TurnRecord& record) -> ApiResult<WholeTurn::Answer> {
                WholeTurn::Answer answer;
                const wire::Event& end = *record.end();
                gateway::append_event_json(answer.body, end, client_turn(scope, end.turn),
                                           client_turn(scope, end.session));
                return answer;
            },
            exchange),
        OnDisconnect::go_on);
    exchanges_.join(exchange, turn);
    exchanges_.cancel(exchange);
}

}  // namespace emostage::http
