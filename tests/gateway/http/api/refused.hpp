// What readers of requests take and refuse.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/http/api/turn_request.hpp"

namespace emostage::http::test {

using nlohmann::json;
using Reader = ApiResult<TurnRequest> (*)(std::string_view, const RequestContext&);

inline ApiError refused_text(Reader read, std::string_view body,
                             const RequestContext& context = {}) {
    const auto request = read(body, context);
    if (request) {
        ADD_FAILURE() << "is taken: " << body;
        return {};
    }
    EXPECT_EQ(request.error().message.find("secret"), std::string::npos) << "what was said is told";
    EXPECT_FALSE(request.error().message.empty());
    return request.error();
}
inline ApiError refused(Reader read, const json& body, const RequestContext& context = {}) {
    return refused_text(read, body.dump(), context);
}

inline TurnRequest taken(Reader read, const json& body, const RequestContext& context = {}) {
    const auto request = read(body.dump(), context);
    if (!request) {
        ADD_FAILURE() << request.error().message << ": " << body;
        return {};
    }
    return *request;
}

// `body` with one field set.
inline json with(json body, const std::string& key, json value) {
    body[key] = std::move(value);
    return body;
}

// `code param`, as most tests look at them.
inline std::string why(const ApiError& error) {
    return std::to_string(error.status) + " " + error.code + " " + error.param;
}

}  // namespace emostage::http::test
