// OpenAI's response object and what it is made of, as JSON.
//
// Internal to gateway/http/api. https://platform.openai.com/docs/api-reference/responses/object
#pragma once

#include <string>
#include <string_view>

#include "gateway/http/api/api_error.hpp"
#include "gateway/http/api/dialect.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

struct ResponseState {
    std::string_view status;                     // of the response
    std::string_view text = {};                  // of its message
    const wire::Completed* completed = nullptr;  // where it is: usage and details
    const ApiError* error = nullptr;
    bool begun = false;  // there is a message though it has no text yet
};

void append_response(std::string& out, const AnswerHead& head, bool background,
                     const ResponseState& state);

// `completed` or, where the model stopped for another reason than its own, `incomplete`.
std::string_view final_status(const wire::Completed& completed);

// {"id": "msg_TURN", …}: with its one part, or with none yet.
void append_message(std::string& out, std::string_view turn, std::string_view status);
void append_message(std::string& out, std::string_view turn, std::string_view status,
                    std::string_view text);
void append_text_part(std::string& out, std::string_view text);

}  // namespace emostage::http
