#include <array>

#include "gateway/http/api/request_parts.hpp"

namespace emostage::http {

namespace {

constexpr std::array<std::string_view, 2> part_types{"input_text", "output_text"};

// https://platform.openai.com/docs/api-reference/responses/create
constexpr std::array<std::string_view, 24> ignored{"instructions",
                                                   "temperature",
                                                   "top_p",
                                                   "tools",
                                                   "tool_choice",
                                                   "parallel_tool_calls",
                                                   "text",
                                                   "reasoning",
                                                   "max_output_tokens",
                                                   "include",
                                                   "max_tool_calls",
                                                   "metadata",
                                                   "prompt",
                                                   "prompt_cache_key",
                                                   "prompt_cache_retention",
                                                   "truncation",
                                                   "safety_identifier",
                                                   "service_tier",
                                                   "stream_options",
                                                   "top_logprobs",
                                                   "verbosity",
                                                   "context_management",
                                                   "modalities",
                                                   "moderation"};

std::vector<wire::Utterance> read_input(JsonFields& fields, TurnRequest& request) {
    const auto input = fields.find("input");
    std::string_view text;
    if (!input || input->get(text) != simdjson::SUCCESS) {
        return read_messages(fields, {"input", part_types, true}, request);
    }
    if (text.empty()) fields.refuse("input", "is empty");
    return {{wire::Role::user, std::string(text)}};
}

}  // namespace

ApiResult<TurnRequest> read_responses_request(std::string_view text,
                                              const RequestContext& context) {
    JsonBody body;
    JsonFields fields = body.parse(text);
    TurnRequest request;
    request.open.on_lost = wire::OnLost::fail;
    read_model(fields, request);
    auto said = read_input(fields, request);
    request.stream = fields.boolean("stream");
    request.background = fields.boolean("background");
    request.on_disconnect = request.background ? OnDisconnect::go_on : OnDisconnect::cancel;
    fields.boolean("store");
    for (const std::string_view key : {"previous_response_id", "conversation"}) {
        if (fields.has(key)) {
            fields.refuse(key, "is not kept here: name a session (X-Session-Id, or user)");
        }
    }
    const auto user = fields.text("user");
    read_wishes(fields, request);
    read_ignored(fields, ignored, request);
    set_turn(fields, context, user.value_or(""), std::move(said), request);
    if (!body.ok()) return tl::unexpected(body.refusal());
    return request;
}

}  // namespace emostage::http
