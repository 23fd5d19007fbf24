#include "gateway/http/server/front.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/log/log.hpp"
#include "core/trace/trace_context.hpp"
#include "gateway/http/api/turn_record.hpp"
#include "gateway/http/server/cors.hpp"
#include "gateway/http/server/metrics.hpp"
#include "gateway/http/server/page_files.hpp"

namespace emostage::http {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t request_id_bytes_max = 128;
constexpr milliseconds again_soon{1'000};

constexpr const char* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= request_id_bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// `application/json`, with or without parameters, or another type that is JSON.
bool is_json(std::string_view type) {
    type = type.substr(0, type.find(';'));
    type = type.substr(0, type.find_last_not_of(" \t") + 1);
    return same_ignoring_case(type, "application/json") ||
           (type.size() > 5 && same_ignoring_case(type.substr(type.size() - 5), "+json"));
}

StreamLimits stream_limits(const Limits& limits) {
    StreamLimits stream;
    stream.head_wait = limits.head_wait;
    stream.ping = limits.ping;
    stream.backlog_bytes_max = limits.backlog_bytes;
    return stream;
}

ApiError unavailable(const char* code, const char* message) {
    return {503, "server_error", code, message, "", again_soon};
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        if (end > at) found.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return found;
}

}  // namespace

Front::Front(asio::io_context& loop, gateway::Client& client, const GatewayOptions& options,
             std::optional<ApiKeys> keys, gateway::RandomBits random)
    : client_(client),
      options_(options),
      keys_(std::move(keys)),
      random_(random),
      exchanges_(loop, client, tally_),
      turns_(client, exchanges_, {stream_limits(options.limits), {}}, std::move(random)) {}

void Front::end_all() {
    exchanges_.refuse_all(unavailable("draining", "the gateway is going away"));
    exchanges_.cut_all();  // what its reader does not take
}

std::string Front::request_id(const Request& request) {
    const auto given = request.field("x-request-id");
    return is_request_id(given) ? std::string(given) : "req-" + gateway::make_turn_id(random_);
}

void Front::on_request(const Request& request, std::unique_ptr<Outlet> outlet) {
    if (exchanges_.has(request.connection)) {
        // Behind an answer that is still going on, it would hide the client's end from us.
        log::info("a second request on a connection that waits for an answer");
        exchanges_.cut(request.connection);
        return;
    }
    Match matched = match(request.path);
    const bool page = matched.route == Route::page || matched.route == Route::page_json;
    const bool file = matched.route == Route::page && page_file(matched.id) != nullptr;
    if (page && (!options_.page.serve || (matched.route == Route::page && !file))) matched = {};
    Asked asked;
    asked.route = matched.route;
    asked.id = request_id(request);
    asked.client = request.peer;
    asked.trace = trace::trace_id(request.field("traceparent"));
    asked.connection = request.connection;
    asked.at = Clock::now();
    outlet->add_field("x-request-id", asked.id);
    allow_origin(request, options_.origins, *outlet);
    status_ = 200;
    const auto handled = handle(request, matched, asked, outlet);
    if (!handled) {
        status_ = handled.error().status;
        answer_error(*outlet, handled.error());
    } else if (!outlet) {
        return;  // an exchange has it
    }
    note(asked, status_);
}

void Front::note(const Asked& asked, int status) {
    tally_.answered(asked.route, status);
    const bool probe = asked.route == Route::health || asked.route == Route::ready ||
                       asked.route == Route::metrics;
    log::write(probe && status < 400 ? log::Level::debug : log::Level::info, "request",
               {{"request", asked.id},
                {"route", pattern(asked.route)},
                {"status", status},
                {"key", asked.scope},
                {"duration_ms", Clock::now() - asked.at}});
}

ApiResult<void> Front::handle(const Request& request, const Match& match, Asked& asked,
                              Outlets outlet) {
    if (request.field("host").empty()) {
        return tl::unexpected(invalid("missing_field", "HTTP/1.1 is wanted, with Host"));
    }
    if (!keys_ && !is_own_host(request.field("host"), options_.hosts)) {
        return tl::unexpected(ApiError{403, "permission_error", "host_not_allowed",
                                       "without keys only loopback's names are served; see hosts"});
    }
    if (is_preflight(request)) {
        status_ = answer_preflight(request, options_.origins, allowed(match.route), *outlet);
        return {};
    }
    if (auto open = check_door(request, match, asked, *outlet); !open) return open;
    if (!wants_key(match.route) || match.route == Route::models || match.route == Route::model) {
        return serve(request, match, outlet);
    }
    if (draining_) {
        return tl::unexpected(unavailable("draining", "the gateway is going away"));
    }
    if (auto place = check_place(asked); !place) return place;
    return turns_.handle(request, match, asked, outlet);
}

ApiResult<void> Front::check_door(const Request& request, const Match& match, Asked& asked,
                                  Outlet& outlet) {
    if (keys_ && under_v1(request.path)) {
        const auto key = bearer(request.field("authorization"));
        const auto owner = key.empty() ? std::nullopt : keys_->owner(key);
        if (!owner) {
            outlet.add_field("WWW-Authenticate", "Bearer");
            return tl::unexpected(ApiError{
                401, "authentication_error", "invalid_api_key",
                key.empty() ? "a key is wanted: Authorization: Bearer" : "the key is not known"});
        }
        asked.scope = asked.client = *owner;
    }
    if (match.route == Route::none) {
        return tl::unexpected(
            ApiError{404, "invalid_request_error", "not_found", "there is no such path"});
    }
    if (!takes(match.route, request.method)) {
        outlet.add_field("Allow", std::string(allowed(match.route)));
        return tl::unexpected(ApiError{405, "invalid_request_error", "method_not_allowed",
                                       "this path takes " + std::string(allowed(match.route))});
    }
    if (wants_json(match.route) && !is_json(request.field("content-type"))) {
        return tl::unexpected(ApiError{415, "invalid_request_error", "unsupported_media_type",
                                       "the body must be application/json"});
    }
    return {};
}

ApiResult<void> Front::check_place(const Asked& asked) const {
    const bool full = exchanges_.size() >= options_.limits.streams;
    if (!full && exchanges_.of_client(asked.client) < options_.limits.streams_per_client) return {};
    return tl::unexpected(ApiError{
        429, "rate_limit_error", "too_many_streams",
        full ? "too many answers are open here" : "too many answers are open for this client", "",
        again_soon});
}

// --- answers that need no turn -------------------------------------------------------------------

ApiResult<void> Front::serve(const Request& request, const Match& match, Outlets outlet) {
    switch (match.route) {
        case Route::health:
            answer(outlet, 200, R"({"alive":true})");
            return {};
        case Route::ready:
            serve_ready(outlet);
            return {};
        case Route::metrics:
            outlet->answer(
                {200, "text/plain; version=0.0.4; charset=utf-8", {{"Cache-Control", "no-store"}}},
                metrics_text({tally_, exchanges_.size(), client_.link(), client_.counters(),
                              log::lines_lost()}));
            return {};
        case Route::models:
            answer(outlet, 200, models_json(client_.pipelines()));
            return {};
        case Route::model:
            return serve_model(match.id, outlet);
        case Route::page_json:
            answer(outlet, 200, page_json());
            return {};
        default:
            serve_page(request, *page_file(match.id), outlet);
            return {};
    }
}

void Front::answer(Outlets outlet, int status, const std::string& json) {
    status_ = status;
    outlet->answer({status, "application/json", {{"Cache-Control", "no-store"}}}, json + "\n");
}

void Front::serve_ready(Outlets outlet) {
    const bool linked = client_.link() == gateway::Link::ready;
    if (linked && !draining_) return answer(outlet, 200, R"({"ready":true})");
    answer(outlet, 503,
           ordered_json{
               {"ready", false},
               {"reason", draining_ ? "the gateway is draining" : "the broker cannot be reached"}}
               .dump());
}

ApiResult<void> Front::serve_model(const std::string& id, Outlets outlet) {
    const auto& known = client_.pipelines();
    if (std::find(known.begin(), known.end(), id) == known.end()) {
        return tl::unexpected(ApiError{404, "invalid_request_error", "model_not_found",
                                       "no worker serves this model", "model"});
    }
    answer(outlet, 200, model_json(id));
    return {};
}

void Front::serve_page(const Request& request, const PageFile& file, Outlets outlet) {
    Head head{200, std::string(file.type), {{"Cache-Control", "no-cache"}}};
    head.fields.emplace_back("ETag", std::string(file.etag));
    head.fields.emplace_back("Content-Security-Policy", page_policy);
    head.fields.emplace_back("Referrer-Policy", "no-referrer");
    const bool known = request.field("if-none-match").find(file.etag) != std::string_view::npos;
    if (known) head.status = 304;
    status_ = head.status;
    outlet->answer(head, known ? std::string_view{} : file.body);
}

std::string Front::page_json() const {
    ordered_json help = ordered_json::object();
    for (const char* tag : {"ja", "zh", "en"}) {
        const auto found = options_.page.help.find(tag);
        help[tag] =
            found == options_.page.help.end() ? std::vector<std::string>{} : lines(found->second);
    }
    return ordered_json{{"model", turns_.default_model()},
                        {"keys", keys_.has_value()},
                        {"help", help},
                        {"operator", options_.page.operator_name}}
        .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace emostage::http
