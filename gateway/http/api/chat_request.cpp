#include <array>

#include "gateway/http/api/request_parts.hpp"

namespace emostage::http {

namespace {

constexpr std::array<std::string_view, 1> part_types{"text"};

// https://platform.openai.com/docs/api-reference/chat/create
constexpr std::array<std::string_view, 30> ignored{"temperature",
                                                   "top_p",
                                                   "max_tokens",
                                                   "max_completion_tokens",
                                                   "stop",
                                                   "seed",
                                                   "frequency_penalty",
                                                   "presence_penalty",
                                                   "logit_bias",
                                                   "logprobs",
                                                   "top_logprobs",
                                                   "response_format",
                                                   "tools",
                                                   "tool_choice",
                                                   "functions",
                                                   "function_call",
                                                   "parallel_tool_calls",
                                                   "reasoning_effort",
                                                   "verbosity",
                                                   "modalities",
                                                   "audio",
                                                   "prediction",
                                                   "web_search_options",
                                                   "store",
                                                   "metadata",
                                                   "service_tier",
                                                   "safety_identifier",
                                                   "prompt_cache_key",
                                                   "prompt_cache_retention",
                                                   "moderation"};

}  // namespace

ApiResult<TurnRequest> read_chat_request(std::string_view text, const RequestContext& context) {
    JsonBody body;
    JsonFields fields = body.parse(text);
    TurnRequest request;
    request.open.on_lost = wire::OnLost::fail;
    read_model(fields, request);
    auto said = read_messages(fields, {"messages", part_types, false}, request);
    request.stream = fields.boolean("stream");
    if (auto options = fields.object("stream_options")) {
        request.include_usage = options->boolean("include_usage");
        request.include_stages = options->boolean("include_stages");
    }
    if (fields.has("n")) fields.number("n", 1, 1);
    const auto user = fields.text("user");
    read_wishes(fields, request);
    read_ignored(fields, ignored, request);
    set_turn(fields, context, user.value_or(""), std::move(said), request);
    if (!body.ok()) return tl::unexpected(body.refusal());
    return request;
}

}  // namespace emostage::http
