#include "tests/gateway/http/api/refused.hpp"

namespace emostage::http {
namespace {

using namespace test;
using wire::Role;

json said(const std::string& role, json content) { return {{"role", role}, {"content", content}}; }

json minimal() { return {{"model", "emostage"}, {"messages", {said("user", "Hello.")}}}; }

json talk(const std::vector<json>& messages) {
    return {{"model", "emostage"}, {"messages", messages}};
}

std::string why_not(const json& body) { return why(refused(read_chat_request, body)); }

TEST(ChatRequest, TheLeastIsAModelAndAMessage) {
    const auto request = taken(read_chat_request, minimal());
    EXPECT_EQ(request.model, "emostage");
    EXPECT_EQ(request.open.pipeline, "emostage");
    EXPECT_EQ(request.open.text, "Hello.");
    EXPECT_TRUE(request.open.history && request.open.history->empty());  // nothing is remembered
    EXPECT_EQ(request.open.session, "");
    EXPECT_EQ(request.open.turn, "");
    EXPECT_EQ(request.on_disconnect, OnDisconnect::cancel);
    EXPECT_EQ(request.open.on_lost, wire::OnLost::fail);
    EXPECT_FALSE(request.stream || request.background || request.include_usage ||
                 request.include_stages);
    EXPECT_TRUE(request.ignored.empty());
}

TEST(ChatRequest, MessagesBecomeHistoryAndText) {
    const auto request =
        taken(read_chat_request, talk({said("system", "Be a pirate."), said("user", "a"),
                                       said("assistant", "b"), said("developer", "x"),
                                       said("user", {{{"type", "text"}, {"text", "c"}},
                                                     {{"type", "text"}, {"text", "d"}}})}));
    EXPECT_EQ(request.open.text, "c\nd");
    EXPECT_EQ(request.open.history,
              (std::vector<wire::Utterance>{{Role::user, "a"}, {Role::assistant, "b"}}));
    EXPECT_EQ(request.ignored, (std::vector<std::string>{"system", "developer"}));
}

TEST(ChatRequest, ASessionWithOneMessageGoesOnAndWithMoreIsToldAll) {
    RequestContext header;
    header.session = "anna";
    auto request = taken(read_chat_request, with(minimal(), "user", "bea"), header);
    EXPECT_EQ(request.open.session, "anna");  // the header goes before
    EXPECT_FALSE(request.open.history);

    request = taken(read_chat_request,
                    with(talk({said("system", "x"), said("user", "a")}), "user", "bea"));
    EXPECT_EQ(request.open.session, "bea");
    EXPECT_FALSE(request.open.history);

    request = taken(read_chat_request,
                    talk({said("user", "a"), said("assistant", "b"), said("user", "c")}), header);
    EXPECT_EQ(request.open.session, "anna");
    EXPECT_EQ(request.open.history->size(), 2u);
}

TEST(ChatRequest, AnIdempotencyKeyIsTheTurnAndWithoutASessionItsName) {
    RequestContext context;
    context.scope = "alice";
    context.idempotency_key = "k1";
    auto request = taken(read_chat_request, minimal(), context);
    EXPECT_EQ(request.open.turn, "alice:k1");
    EXPECT_EQ(request.open.session, "alice:k1");
    EXPECT_TRUE(request.open.history);
    context.session = "s";
    request = taken(read_chat_request, minimal(), context);
    EXPECT_EQ(request.open.session, "alice:s");
    context.idempotency_key = "no id";
    EXPECT_EQ(why(refused(read_chat_request, minimal(), context)), "400 invalid_value ");
}

TEST(ChatRequest, ATraceparentGoesOnAndWhatIsNoneIsDropped) {
    RequestContext context;
    context.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    EXPECT_EQ(taken(read_chat_request, minimal(), context).open.traceparent, context.traceparent);
    for (const std::string bad :
         {"", "00-xyz", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
        context.traceparent = bad;
        EXPECT_EQ(taken(read_chat_request, minimal(), context).open.traceparent, "");
    }
}

TEST(ChatRequest, OptionsAreRead) {
    auto body = with(minimal(), "stream", true);
    body["stream_options"] = {
        {"include_usage", true}, {"include_stages", true}, {"include_obfuscation", false}};
    auto request = taken(read_chat_request, body);
    EXPECT_TRUE(request.stream && request.include_usage && request.include_stages);

    request = taken(read_chat_request, with(minimal(), "emostage",
                                            {{"on_disconnect", "continue"},
                                             {"on_lost", "reset"},
                                             {"on_busy", "interrupt"},
                                             {"priority", "high"},
                                             {"locale", "ja-JP"},
                                             {"deadline_ms", 5000},
                                             {"include_stages", true}}));
    EXPECT_EQ(request.on_disconnect, OnDisconnect::go_on);
    EXPECT_EQ(request.open.on_lost, wire::OnLost::reset);
    EXPECT_EQ(request.open.on_busy, wire::OnBusy::interrupt);
    EXPECT_EQ(request.open.priority, wire::Priority::high);
    EXPECT_EQ(request.open.locale, "ja-JP");
    EXPECT_EQ(request.open.deadline, milliseconds(5000));
    EXPECT_TRUE(request.include_stages);
}

TEST(ChatRequest, WhatHasNoMeaningHereIsTakenAndTold) {
    auto body = minimal();
    body["temperature"] = 0.5;
    body["tools"] = json::array({{{"type", "function"}}});
    body["seed"] = nullptr;  // as if it were not there
    body["made_up"] = "secret";
    EXPECT_EQ(taken(read_chat_request, body).ignored,
              (std::vector<std::string>{"temperature", "tools"}));
    for (const auto* name : {"top_p", "max_tokens", "max_completion_tokens", "stop", "seed",
                             "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
                             "top_logprobs", "response_format", "tool_choice", "functions",
                             "function_call", "parallel_tool_calls", "store", "metadata"}) {
        body[name] = 1;
    }
    EXPECT_EQ(taken(read_chat_request, body).ignored.size(), 16u);
}

TEST(ChatRequest, NullIsAsIfItWereNotThere) {
    auto body = minimal();
    for (const auto* name : {"stream", "stream_options", "n", "user", "emostage", "tools"}) {
        body[name] = nullptr;
    }
    EXPECT_TRUE(taken(read_chat_request, body).ignored.empty());
}

TEST(ChatRequest, WhatIsNotAJsonObjectInUtf8IsRefused) {
    for (const std::string& body :
         {std::string(), std::string("{"), std::string("[]"), std::string("\"x\""),
          std::string("{\"model\":\"\xff\"}"), std::string("{\"model\":\"\xed\xa0\x80\"}"),
          std::string("{\"model\":\"\\ud800\"}"), std::string("{} {}"),
          "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}",
          std::string(200'000, '[')}) {
        EXPECT_EQ(why(refused_text(read_chat_request, body)), "400 invalid_json ")
            << body.substr(0, 40);
    }
}

TEST(ChatRequest, RefusalsNameTheField) {
    EXPECT_EQ(why_not({{"messages", {said("user", "x")}}}), "400 missing_field model");
    EXPECT_EQ(why_not({{"model", "emostage"}}), "400 missing_field messages");
    EXPECT_EQ(why_not(with(minimal(), "model", 7)), "400 invalid_value model");
    EXPECT_EQ(why_not(with(minimal(), "model", "openai/gpt-5")), "404 model_not_found model");
    EXPECT_EQ(why_not(with(minimal(), "messages", "secret")), "400 invalid_value messages");
    EXPECT_EQ(why_not(with(minimal(), "messages", json::array())), "400 invalid_value messages");
    EXPECT_EQ(why_not(with(minimal(), "stream", "yes")), "400 invalid_value stream");
    EXPECT_EQ(why_not(with(minimal(), "n", 2)), "400 invalid_value n");
    EXPECT_EQ(why_not(with(minimal(), "user", 7)), "400 invalid_value user");
    EXPECT_EQ(why_not(with(minimal(), "stream_options", true)), "400 invalid_value stream_options");
    EXPECT_EQ(why_not(with(minimal(), "stream_options", {{"include_usage", 1}})),
              "400 invalid_value stream_options.include_usage");
    EXPECT_EQ(why_not(with(minimal(), "emostage", "x")), "400 invalid_value emostage");
}

TEST(ChatRequest, RefusalsNameTheMessage) {
    const auto user = said("user", "a");
    EXPECT_EQ(why_not(talk({user, 7})), "400 invalid_value messages.1");
    EXPECT_EQ(why_not(talk({{{"content", "secret"}}})), "400 missing_field messages.0.role");
    EXPECT_EQ(why_not(talk({said("tool", "secret"), user})), "400 invalid_value messages.0.role");
    EXPECT_EQ(why_not(talk({user, {{"role", "user"}}})), "400 missing_field messages.1.content");
    EXPECT_EQ(why_not(talk({said("user", nullptr)})), "400 missing_field messages.0.content");
    EXPECT_EQ(why_not(talk({said("user", 7)})), "400 invalid_value messages.0.content");
    EXPECT_EQ(why_not(talk({user, said("user", "")})), "400 invalid_value messages.1.content");
    EXPECT_EQ(why_not(talk({said("user", json::array())})), "400 invalid_value messages.0.content");
    EXPECT_EQ(why_not(talk({user, said("assistant", "secret")})),
              "400 invalid_value messages.1.role");
    EXPECT_EQ(why_not(talk({user, said("assistant", "b"), said("system", "c")})),
              "400 invalid_value messages.1.role");
    EXPECT_EQ(why_not(talk({said("system", "secret")})), "400 invalid_value messages");
    const json image{{"type", "image_url"}, {"image_url", {{"url", "secret"}}}};
    EXPECT_EQ(why_not(talk({said("user", {{{"type", "text"}, {"text", "a"}}, image})})),
              "400 invalid_value messages.0.content.1.type");
    EXPECT_EQ(why_not(talk({said("user", json::array({json{{"type", "text"}}}))})),
              "400 missing_field messages.0.content.0.text");
    EXPECT_EQ(why_not(talk({said("user", json::array({"secret"}))})),
              "400 invalid_value messages.0.content.0");
}

TEST(ChatRequest, UnknownWishesAreRefusedWithTheOneThatWasMeant) {
    const auto error =
        refused(read_chat_request, with(minimal(), "emostage", {{"on_buzy", "reject"}}));
    EXPECT_EQ(why(error), "400 unknown_field emostage.on_buzy");
    EXPECT_NE(error.message.find("did you mean \"on_busy\""), std::string::npos);
    for (const auto& [wish, value] :
         std::vector<std::pair<std::string, json>>{{"on_disconnect", "reset"},
                                                   {"on_lost", "stop"},
                                                   {"on_busy", 1},
                                                   {"priority", "urgent"},
                                                   {"locale", "ja JP"},
                                                   {"locale", std::string(36, 'a')},
                                                   {"deadline_ms", 0},
                                                   {"deadline_ms", -1},
                                                   {"deadline_ms", 1.5},
                                                   {"deadline_ms", 86'400'001},
                                                   {"include_stages", "all"}}) {
        EXPECT_EQ(why_not(with(minimal(), "emostage", {{wish, value}})),
                  "400 invalid_value emostage." + wish);
    }
}

TEST(ChatRequest, CountsAreBounded) {
    json messages = json::array();
    for (int i = 0; i < 1'024; ++i) messages.push_back(said("user", "a"));
    EXPECT_EQ(taken(read_chat_request, talk(messages)).open.history->size(), 1'023u);
    messages.push_back(said("user", "a"));
    EXPECT_EQ(why_not(talk(messages)), "413 too_large messages");

    json parts = json::array();
    for (int i = 0; i < 257; ++i) parts.push_back({{"type", "text"}, {"text", "a"}});
    EXPECT_EQ(why_not(talk({said("user", parts)})), "413 too_large messages.0.content");

    auto body = minimal();
    for (int i = 0; i < 257; ++i) body["x" + std::to_string(i)] = i;
    EXPECT_EQ(why_not(body), "413 too_large ");
}

}  // namespace
}  // namespace emostage::http
