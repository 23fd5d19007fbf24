#include "gateway/http/api/api_error.hpp"

#include <cassert>
#include <variant>

#include "core/llm/json_text.hpp"

namespace emostage::http {

namespace {

constexpr std::string_view of_request = "invalid_request_error";
constexpr std::string_view of_server = "server_error";

// Where nobody said when to come back.
constexpr milliseconds retry_after_default{1'000};

struct Kind {
    int status;
    std::string_view type, code;
};

Kind kind_of(Errc code) {
    switch (code) {
        case Errc::invalid_field:
            return {400, of_request, "invalid_value"};
        case Errc::unknown_turn:
            return {404, of_request, name(code)};
        case Errc::unknown_pipeline:
            return {404, of_request, "model_not_found"};
        case Errc::conflict:
        case Errc::session_busy:
            return {409, of_request, name(code)};
        case Errc::cancelled:
            return {410, of_request, name(code)};
        case Errc::too_large:
            return {413, of_request, name(code)};
        case Errc::overloaded:
            return {429, "rate_limit_error", name(code)};
        case Errc::attempts_exhausted:
        case Errc::worker_lost:
        case Errc::model_unreachable:
        case Errc::model_refused:
        case Errc::model_failed:
        case Errc::model_cut:
        case Errc::model_output:
            return {502, of_server, name(code)};
        case Errc::unavailable:
        case Errc::model_busy:
            return {503, of_server, name(code)};
        case Errc::deadline_exceeded:
        case Errc::model_timeout:
            return {504, of_server, name(code)};
        // What the gateway itself said wrongly, or its own side.
        case Errc::malformed:
        case Errc::unsupported_version:
        case Errc::config:
        case Errc::io:
        case Errc::internal:
            break;
    }
    return {500, of_server, "internal"};
}

}  // namespace

ApiError invalid(std::string code, std::string message, std::string param) {
    return {400, std::string(of_request), std::move(code), std::move(message), std::move(param)};
}

ApiError api_error(Errc code, std::string message, std::optional<milliseconds> retry_after) {
    const Kind kind = kind_of(code);
    ApiError error{kind.status, std::string(kind.type), std::string(kind.code), std::move(message)};
    if (code == Errc::unknown_pipeline) error.param = "model";
    if (error.status == 429 || error.status == 503) {
        error.retry_after = retry_after.value_or(retry_after_default);
    }
    return error;
}

ApiError error_of(const wire::Event& end) {
    if (const auto* failed = std::get_if<wire::Failed>(&end.body)) {
        return api_error(failed->code, failed->message);
    }
    if (const auto* rejected = std::get_if<wire::Rejected>(&end.body)) {
        std::optional<milliseconds> retry_after;
        if (rejected->retry_after_ms) retry_after = milliseconds(*rejected->retry_after_ms);
        return api_error(rejected->code, rejected->message, retry_after);
    }
    if (const auto* cancelled = std::get_if<wire::Cancelled>(&end.body)) {
        return api_error(Errc::cancelled, "the turn was cancelled: " + cancelled->reason);
    }
    assert(!"an end that is no error");
    return api_error(Errc::internal, "the turn has ended otherwise than expected");
}

std::string to_json(const ApiError& error) {
    std::string out = "{\"error\":{\"message\":";
    llm::append_json_string(out, error.message);
    out += ",\"type\":";
    llm::append_json_string(out, error.type);
    out += ",\"param\":";
    if (error.param.empty()) {
        out += "null";
    } else {
        llm::append_json_string(out, error.param);
    }
    out += ",\"code\":";
    llm::append_json_string(out, error.code);
    return out += "}}";
}

}  // namespace emostage::http
