// The JSON body of a chat completion request.
// https://platform.openai.com/docs/api-reference/chat/create
#pragma once

#include <string>

#include "core/llm/client.hpp"
#include "core/llm/endpoint.hpp"

namespace emostage::llm {

// An answer that is to be continued stands as the last message, in the way that the endpoint
// declares; one that declares none must not be asked.
// https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (continue_final_message)
// https://github.com/ggml-org/llama.cpp/pull/13174 (prefill)
//
// Valid UTF-8 whatever the texts hold. The answer's shape is sent in the first of these forms that
// the endpoint declares: JSON schema, grammar, JSON object. Requires: the shape's json_schema,
// where it has one, is JSON.
std::string request_body(const ChatRequest& request, const EndpointConfig& endpoint);

}  // namespace emostage::llm
