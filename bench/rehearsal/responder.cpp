#include "bench/rehearsal/responder.hpp"

#include <algorithm>

#include "bench/rehearsal/answer.hpp"
#include "bench/rehearsal/chance.hpp"
#include "bench/rehearsal/openai.hpp"

namespace emostage::rehearsal {
namespace {

constexpr std::string_view invalid = "invalid_request_error";

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 417:
            return "Expectation Failed";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Bad Request";
    }
}

// Its tokens, and how it ends.
struct Spoken {
    Tokens tokens;
    std::string_view finish_reason = "stop";
};

Spoken spoken(std::string_view text, const ChatCall& call) {
    Spoken spoken{cut_into_tokens(text), "stop"};
    if (call.max_tokens != 0 && spoken.tokens.count() > call.max_tokens) {
        spoken = {fit_tokens(spoken.tokens, call.max_tokens), "length"};
    }
    if (spoken.tokens.count() > tokens_max) {
        spoken = {fit_tokens(spoken.tokens, tokens_max), "length"};
    }
    return spoken;
}

}  // namespace

Responder::Responder(const Options& options, Stats& stats)
    : options_(options),
      stats_(stats),
      dice_(options.faults, options.seed),
      reader_(options.limits.messages_max) {}

Response Responder::respond(const HttpRequest& request, std::int64_t unix_ms) {
    ++number_;
    ++stats_.requests;
    const bool known = request.path == "/healthz" || request.path == "/stats" ||
                       request.path == "/v1/models" || request.path == "/v1/chat/completions";
    if (!known) {
        return wrong(request, {.status = 404},
                     {"no such path: try /v1/chat/completions, /v1/models, /healthz, /stats",
                      invalid, "", "not_found"});
    }
    const bool chats = request.path == "/v1/chat/completions";
    if (request.method != (chats ? "POST" : "GET")) {
        const std::string_view allow = chats ? "Allow: POST\r\n" : "Allow: GET\r\n";
        return wrong(request, {.status = 405, .more = allow},
                     {"another method is meant for this path", invalid, "", "method_not_allowed"});
    }
    if (chats) return chat(request, unix_ms);
    if (request.path == "/healthz") {
        return plain(request, {}, R"({"status":"ok","rehearsal":true})");
    }
    if (request.path == "/stats") return plain(request, {}, to_json(stats_, options_.seed));
    return plain(request, {}, openai::models(options_.model));
}

Response Responder::refuse(const Refusal& refusal) {
    ++number_;
    HttpRequest request;
    request.keep_alive = false;
    return wrong(request, {.status = refusal.status}, {refusal.message, invalid, "", ""});
}

Response Responder::chat(const HttpRequest& request, std::int64_t unix_ms) {
    auto call = reader_.read(request.body);
    if (!call) {
        return wrong(request, {.status = 400},
                     {call.error().message, invalid, call.error().param, ""});
    }
    if (call->stream && request.http_1_0) {
        return wrong(request, {.status = 400},
                     {"a stream needs HTTP/1.1 (chunked transfer)", invalid, "stream", ""});
    }
    ++stats_.chats;
    stats_.count_stage(call->stage);
    Fault fault = Fault::none;
    if (options_.fail_stage.empty() || options_.fail_stage == call->stage) {
        fault = dice_.roll(exposed_++);
    }
    ++stats_.faults[static_cast<std::size_t>(fault)];
    if (fault == Fault::status_500) {
        return wrong(request, {.status = 500},
                     {"the rehearsal server was asked to fail", "server_error", "", ""});
    }
    if (fault == Fault::status_429) {
        const std::string seconds = std::to_string(options_.retry_after.count());
        const std::string more =
            "Retry-After: " + seconds + "\r\nretry-after-ms: " + seconds + "000\r\n";
        return wrong(request, {.status = 429, .more = more},
                     {"the rehearsal server was asked to be busy", "rate_limit_error", "",
                      "rate_limit_exceeded"});
    }
    if (call->stream) ++stats_.chats_streamed;
    Playback playback = call->stream ? streamed(request, *call, fault, unix_ms)
                                     : whole(request, *call, fault, unix_ms);
    return {std::move(playback), number_, true, std::move(call->stage), request.trace};
}

std::string Responder::text(const ChatCall& call) const {
    if (!options_.garbage_stage.empty() && options_.garbage_stage == call.stage) {
        return garbage(number_ - 1);
    }
    return answer(call, options_.seed);
}

// Where a fault strikes, by the seed and the request's number.
void Responder::mark(Score& score, Fault fault) const {
    const std::uint64_t random = mix(~options_.seed, number_);
    const std::size_t contents = score.contents.count();
    score.fault = fault;
    if (contents == 0) {
        score.fault_at = 0;
        score.half = true;
    } else if (contents == 1) {
        score.fault_at = fault == Fault::malformed ? 0 : 1;
    } else {
        score.fault_at = 1 + random % (contents - 1);
        score.half = (random >> 40) % 2 == 0;
    }
    if (fault == Fault::slow_headers) score.length = options_.slow_headers;
    if (fault == Fault::stall && options_.stall.count() > 0) score.length = options_.stall;
}

Playback Responder::streamed(const HttpRequest& request, const ChatCall& call, Fault fault,
                             std::int64_t unix_ms) {
    Spoken said = spoken(text(call), call);
    if (options_.tokens != 0 && !is_typed(call)) {
        said = {fit_tokens(said.tokens, options_.tokens), "stop"};
    }
    if (said.tokens.count() == 0) said.tokens = fit_tokens(said.tokens, 1);
    if (!call.begun.empty()) said.tokens = tokens_after(said.tokens, call.begun);
    const openai::Answerer who{"chatcmpl-rehearsal-" + std::to_string(number_), unix_ms / 1000,
                               options_.model, call.include_usage};
    openai::ContentChunk chunk = openai::content_chunk(who);
    Score score;
    score.head = head_lines(request, {.type = "text/event-stream; charset=utf-8",
                                      .more = "Cache-Control: no-cache\r\n"
                                              "X-Accel-Buffering: no\r\n"
                                              "Transfer-Encoding: chunked\r\n"});
    score.opening = openai::role_chunk(who);
    score.before = std::move(chunk.before);
    score.after = std::move(chunk.after);
    score.contents = json_escaped(said.tokens);
    score.closing = openai::finish_chunk(who, said.finish_reason);
    if (call.include_usage) {
        score.closing += openai::usage_chunk(who, {call.prompt_tokens, said.tokens.count()});
    }
    score.closing += openai::done;
    score.first_at = options_.first_token;
    score.between = options_.between_tokens;
    score.closing_at = score.first_at + score.between * static_cast<int>(said.tokens.count() - 1);
    score.keep_alive = request.keep_alive;
    mark(score, fault);
    return Playback(std::move(score));
}

Playback Responder::whole(const HttpRequest& request, const ChatCall& call, Fault fault,
                          std::int64_t unix_ms) {
    Spoken said = spoken(text(call), call);
    if (!call.begun.empty()) said.tokens = tokens_after(said.tokens, call.begun);
    const openai::Answerer who{"chatcmpl-rehearsal-" + std::to_string(number_), unix_ms / 1000,
                               options_.model, false};
    std::string body = openai::completion(who, json_escaped(said.tokens).text,
                                          fault == Fault::unended ? "" : said.finish_reason,
                                          {call.prompt_tokens, said.tokens.count()});
    if (fault == Fault::malformed) body.resize(body.size() / 2);
    const int waits = static_cast<int>(std::max<std::size_t>(options_.whole_tokens, 1)) - 1;
    Score score;
    score.head = head(request, {}, body.size());
    score.closing = std::move(body);
    score.closing_at = options_.first_token + options_.between_tokens * waits;
    score.head_at = score.closing_at;
    score.keep_alive = request.keep_alive;
    // These two are in the body already.
    const bool done = fault == Fault::unended || fault == Fault::malformed;
    mark(score, done ? Fault::none : fault);
    return Playback(std::move(score));
}

Response Responder::plain(const HttpRequest& request, const Head& wanted, std::string body) {
    Score score;
    score.head = head(request, wanted, body.size());
    score.closing = std::move(body);
    score.keep_alive = request.keep_alive;
    return {Playback(std::move(score)), number_, false, {}, {}};
}

Response Responder::wrong(const HttpRequest& request, const Head& wanted, const Wrong& wrong) {
    if (wanted.status < 500 && wanted.status != 429) ++stats_.bad_requests;
    return plain(request, wanted,
                 openai::error(wrong.message, wrong.type, wrong.param, wrong.code));
}

std::string Responder::head(const HttpRequest& request, const Head& wanted,
                            std::size_t body_bytes) const {
    std::string more(wanted.more);
    more += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
    return head_lines(request, {wanted.status, wanted.type, more});
}

std::string Responder::head_lines(const HttpRequest& request, const Head& wanted) const {
    std::string lines = "HTTP/1.1 " + std::to_string(wanted.status) + " ";
    lines.append(reason(wanted.status)).append("\r\nServer: emostage-rehearsal\r\n");
    lines.append("Content-Type: ").append(wanted.type).append("\r\n").append(wanted.more);
    lines.append("x-request-id: ");
    lines +=
        request.request_id.empty() ? "rehearsal-" + std::to_string(number_) : request.request_id;
    lines.append("\r\nConnection: ").append(request.keep_alive ? "keep-alive" : "close");
    return lines.append("\r\n\r\n");
}

}  // namespace emostage::rehearsal
