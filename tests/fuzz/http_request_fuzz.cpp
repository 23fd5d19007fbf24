// Bodies of HTTP requests. The first byte says whose: `c` chat completions, `r` responses, `t`
// turns. What is taken is an open that the codec takes too; what is refused says why, in valid
// JSON.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/codec/codec.hpp"
#include "gateway/http/api/turn_request.hpp"
#include "tests/fuzz/check.hpp"

namespace emostage::http {
namespace {

using Reader = ApiResult<TurnRequest> (*)(std::string_view, const RequestContext&);

constexpr std::size_t message_bytes_max = 1'024;

void check_refusal(const ApiError& error) {
    CHECK(error.status == 400 || error.status == 404 || error.status == 413);
    CHECK(error.type == "invalid_request_error");
    CHECK(!error.code.empty());
    CHECK(!error.message.empty() && error.message.size() <= message_bytes_max);
    const std::string json = to_json(error);
    CHECK(simdjson::validate_utf8(json));
    CHECK(nlohmann::json::parse(json)["error"]["code"] == error.code);
}

void check_taken(const TurnRequest& request) {
    const auto& open = request.open;
    CHECK(open.turn == "alice:key" && codec::is_id(open.session));
    CHECK(open.session.substr(0, 6) == "alice:");
    CHECK(open.pipeline == request.model);
    CHECK(request.ignored.size() <= 16);
    wire::Open whole;
    whole.gateway = "g";
    whole.turn = open.turn;
    whole.session = open.session;
    whole.text = open.text;
    whole.history = open.history;
    whole.locale = open.locale;
    whole.pipeline = open.pipeline;
    whole.deadline = open.deadline;
    whole.priority = open.priority;
    whole.on_busy = open.on_busy;
    whole.on_lost = open.on_lost;
    wire::Limits limits;
    limits.text_bytes = limits.history_bytes = limits.history_utterances = 1 << 20;
    limits.deadline_ms = 86'400'000;
    CHECK(codec::decode_command(codec::encode_command(whole), limits));
}

void fuzz(Reader read, std::string_view body) {
    RequestContext context;
    context.scope = "alice";
    context.idempotency_key = "key";
    const auto request = read(body, context);
    if (request) {
        check_taken(*request);
    } else {
        check_refusal(request.error());
    }
}

}  // namespace
}  // namespace emostage::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emostage::http;
    if (size == 0) return 0;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'c') fuzz(read_chat_request, body);
    if (data[0] == 'r') fuzz(read_responses_request, body);
    if (data[0] == 't') fuzz(read_turns_request, body);
    return 0;
}
