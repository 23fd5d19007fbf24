#include "core/llm/request_body.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace emostage::llm {
namespace {

using nlohmann::json;

class RequestBodyTest : public testing::Test {
protected:
    RequestBodyTest() {
        endpoint.model = "qwen \"7b\"";
        request.shared_prefix = std::make_shared<const std::string>("You are\nkind.");
        request.user = "\u3053\u3093\u306b\u3061\u306f";
        AnswerShape shape{"phase", R"({"type":"object"})", "root ::= \"a\""};
        request.shape = std::make_shared<const AnswerShape>(shape);
    }
    json body() const { return json::parse(request_body(request, endpoint)); }

    ChatRequest request;
    EndpointConfig endpoint;
};

TEST_F(RequestBodyTest, AStreamedRequestSaysAllThatIsAsked) {
    request.stream = true;
    request.max_tokens = 64;
    request.temperature = 0.25;
    request.top_p = 0.9;
    request.stop = {"\n\n", "User:"};
    EXPECT_EQ(body(), json::parse(R"({
        "model": "qwen \"7b\"",
        "messages": [{"role": "system", "content": "You are\nkind."},
                     {"role": "user", "content": "こんにちは"}],
        "stream": true, "stream_options": {"include_usage": true},
        "max_tokens": 64, "temperature": 0.25, "top_p": 0.9, "stop": ["\n\n", "User:"]})"));
}

TEST_F(RequestBodyTest, AWholeRequestLeavesOutWhatIsNotAsked) {
    request.shared_prefix = nullptr;
    request.shape = nullptr;
    request.max_tokens = 0;
    request.temperature = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(body(), json::parse(R"({"model": "qwen \"7b\"", "stream": false,
        "messages": [{"role": "user", "content": "こんにちは"}]})"));
}

TEST_F(RequestBodyTest, RequestsOfOneTurnBeginWithTheSameBytes) {
    const std::string one = request_body(request, endpoint);
    request.user = "other";
    request.stream = true;
    const std::string two = request_body(request, endpoint);
    const std::size_t at = one.find("{\"role\":\"user\"");
    EXPECT_EQ(one.substr(0, at), two.substr(0, at));
    EXPECT_TRUE(
        one.starts_with("{\"model\":\"qwen \\\"7b\\\"\",\"messages\":[{\"role\":\"system\""));
}

TEST_F(RequestBodyTest, TheShapeIsSentInTheBestFormThatTheEndpointDeclares) {
    const auto only = [&](const char* key, const char* other) {
        const json sent = body();
        EXPECT_FALSE(sent.contains(other));
        return sent.value(key, json());
    };
    endpoint.capabilities = {.json_schema = true, .json_object = true, .grammar = true};
    EXPECT_EQ(only("response_format", "grammar"), json::parse(R"({"type": "json_schema",
        "json_schema": {"name": "phase", "strict": true, "schema": {"type": "object"}}})"));
    endpoint.capabilities = {.json_object = true, .grammar = true};
    EXPECT_EQ(only("grammar", "response_format"), "root ::= \"a\"");
    endpoint.capabilities = {.json_object = true};
    EXPECT_EQ(only("response_format", "grammar"), json::parse(R"({"type": "json_object"})"));
    endpoint.capabilities = {};
    EXPECT_TRUE(only("response_format", "grammar").is_null());
}

TEST_F(RequestBodyTest, ACapabilityWithoutItsFormFallsBackToTheNext) {
    endpoint.capabilities = {.json_schema = true, .json_object = true, .grammar = true};
    request.shape = std::make_shared<const AnswerShape>(AnswerShape{"phase", "", ""});
    EXPECT_EQ(body()["response_format"]["type"], "json_object");
}

TEST_F(RequestBodyTest, AnAnswerThatWasBegunIsTheLastMessageInTheWayThatTheEndpointDeclares) {
    request.shared_prefix = nullptr;
    request.continue_from = "That sounds \n";
    const auto messages = json::parse(R"([{"role": "user", "content": "こんにちは"},
                                          {"role": "assistant", "content": "That sounds"}])");
    endpoint.capabilities.continues = Continues::vllm;
    EXPECT_EQ(body()["messages"], messages) << "templates strip the space at its end";
    EXPECT_EQ(body()["continue_final_message"], true);
    EXPECT_EQ(body()["add_generation_prompt"], false);
    endpoint.capabilities.continues = Continues::prefill;
    EXPECT_EQ(body()["messages"], messages);
    EXPECT_FALSE(body().contains("continue_final_message"));
    EXPECT_FALSE(body().contains("add_generation_prompt"));
}

TEST_F(RequestBodyTest, ANewAnswerSaysNothingOfContinuing) {
    for (const auto way : {Continues::no, Continues::vllm, Continues::prefill}) {
        endpoint.capabilities.continues = way;
        EXPECT_EQ(body()["messages"].back()["role"], "user");
        EXPECT_FALSE(body().contains("continue_final_message"));
    }
}

TEST_F(RequestBodyTest, WhatIsNotUtf8IsNeverSent) {
    request.user = "a\xFF\xE3\x81";
    request.stop = {"\xC3"};
    EXPECT_EQ(body()["messages"][1]["content"], "a\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace emostage::llm
