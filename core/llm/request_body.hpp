// The JSON body of a chat completion request.
// https://platform.openai.com/docs/api-reference/chat/create
#pragma once

#include <string>

#include "core/llm/client.hpp"
#include "core/llm/endpoint.hpp"

namespace emostage::llm {

// Valid UTF-8 whatever the texts hold. The answer's shape is sent in the first of these forms that
// the endpoint declares: JSON schema, grammar, JSON object. Requires: the shape's json_schema,
// where it has one, is JSON.
std::string request_body(const ChatRequest& request, const EndpointConfig& endpoint);

}  // namespace emostage::llm
