#include "gateway/http/api/api_error.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/client/script.hpp"

namespace emostage::http {
namespace {

using gateway::test::event;
using nlohmann::json;

TEST(ApiError, EveryCodeHasAStatusAndATypeThatClientsKnow) {
    const std::vector<std::pair<Errc, int>> statuses{{Errc::malformed, 500},
                                                     {Errc::invalid_field, 400},
                                                     {Errc::unsupported_version, 500},
                                                     {Errc::too_large, 413},
                                                     {Errc::conflict, 409},
                                                     {Errc::unknown_turn, 404},
                                                     {Errc::unknown_pipeline, 404},
                                                     {Errc::session_busy, 409},
                                                     {Errc::overloaded, 429},
                                                     {Errc::unavailable, 503},
                                                     {Errc::deadline_exceeded, 504},
                                                     {Errc::attempts_exhausted, 502},
                                                     {Errc::worker_lost, 502},
                                                     {Errc::cancelled, 410},
                                                     {Errc::model_unreachable, 502},
                                                     {Errc::model_refused, 502},
                                                     {Errc::model_busy, 503},
                                                     {Errc::model_failed, 502},
                                                     {Errc::model_cut, 502},
                                                     {Errc::model_timeout, 504},
                                                     {Errc::model_output, 502},
                                                     {Errc::config, 500},
                                                     {Errc::io, 500},
                                                     {Errc::internal, 500}};
    EXPECT_EQ(statuses.size(), static_cast<std::size_t>(Errc::internal) + 1);
    for (const auto& [code, status] : statuses) {
        const auto error = api_error(code, "why");
        EXPECT_EQ(error.status, status) << name(code);
        EXPECT_EQ(error.message, "why");
        EXPECT_EQ(error.type, status == 429   ? "rate_limit_error"
                              : status >= 500 ? "server_error"
                                              : "invalid_request_error");
        EXPECT_EQ(error.retry_after.has_value(), status == 429 || status == 503) << name(code);
    }
    EXPECT_EQ(api_error(Errc::unknown_pipeline, "").code, "model_not_found");
    EXPECT_EQ(api_error(Errc::unknown_pipeline, "").param, "model");
    EXPECT_EQ(api_error(Errc::invalid_field, "").code, "invalid_value");
    EXPECT_EQ(api_error(Errc::io, "").code, "internal");
}

TEST(ApiError, WhenToComeBackIsToldWhereItHelps) {
    EXPECT_EQ(api_error(Errc::overloaded, "", milliseconds(250)).retry_after, milliseconds(250));
    EXPECT_EQ(api_error(Errc::overloaded, "").retry_after, milliseconds(1000));
    EXPECT_FALSE(api_error(Errc::conflict, "", milliseconds(250)).retry_after);
}

TEST(ApiError, EveryEndButCompletedIsAnError) {
    const auto failed = error_of(event(3, wire::Failed{Errc::model_cut, "cut", true}));
    EXPECT_EQ(failed.code, "model_cut");
    EXPECT_EQ(failed.message, "cut");
    const auto rejected = error_of(event(0, wire::Rejected{Errc::overloaded, "full", 30}, 0));
    EXPECT_EQ(rejected.status, 429);
    EXPECT_EQ(rejected.retry_after, milliseconds(30));
    const auto cancelled = error_of(event(3, wire::Cancelled{"interrupted"}));
    EXPECT_EQ(cancelled.code, "cancelled");
    EXPECT_NE(cancelled.message.find("interrupted"), std::string::npos);
}

TEST(ApiError, ItsJsonHasAllFourFields) {
    EXPECT_EQ(to_json(invalid("invalid_value", "no \"x\"", "messages.0.role")),
              R"({"error":{"message":"no \"x\"","type":"invalid_request_error",)"
              R"("param":"messages.0.role","code":"invalid_value"}})");
    EXPECT_TRUE(json::parse(to_json(api_error(Errc::internal, "")))["error"]["param"].is_null());
}

}  // namespace
}  // namespace emostage::http
