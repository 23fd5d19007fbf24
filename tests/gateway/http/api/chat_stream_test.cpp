#include <gtest/gtest.h>

#include "tests/gateway/http/api/told.hpp"

namespace emostage::http {
namespace {

using namespace test;

TEST(ChatStream, ATurnIsToldExactlyAsOpenAIDoes) {
    const auto stream = make_chat_stream(head(), false, false);
    std::string out;
    for (const auto& one : turn()) stream->on_event(one, out);
    const std::string begin =
        "data: {\"id\":\"chatcmpl-t1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"emostage\",\"system_fingerprint\":null,\"choices\":[{\"index\":0,\"delta\":";
    const std::string going = ",\"logprobs\":null,\"finish_reason\":null}]}\n\n";
    EXPECT_EQ(out, begin + "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}" + going +
                       begin + "{\"content\":\"You \"}" + going + begin + "{\"content\":\"are \"}" +
                       going + begin + "{\"content\":\"\\\"tired\\\".\\n\"}" + going + begin +
                       "{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n" +
                       "data: [DONE]\n\n");
    EXPECT_TRUE(stream->over());
    EXPECT_FALSE(stream->needs_record());
}

TEST(ChatStream, UsageComesInAChunkOfItsOwnAndIsNullInTheOthers) {
    const auto stream = make_chat_stream(head(), true, false);
    auto told = tell(*stream, turn());
    ASSERT_EQ(told.size(), 7u);
    EXPECT_EQ(told.back().data, "[DONE]");
    told.pop_back();
    const auto usage = told.back().object();
    EXPECT_EQ(usage["choices"], json::array());
    EXPECT_EQ(usage["usage"],
              (json{{"prompt_tokens", 30}, {"completion_tokens", 5}, {"total_tokens", 35}}));
    told.pop_back();
    for (const auto& one : told) {
        EXPECT_TRUE(one.object().contains("usage") && one.object()["usage"].is_null());
    }
}

TEST(ChatStream, StagesAreForThoseWhoAsk) {
    for (const bool usage : {false, true}) {
        const auto stream = make_chat_stream(head(), usage, true);
        const auto told = tell(*stream, turn());
        const auto stage = told[1].object();
        EXPECT_EQ(stage["choices"], json::array());
        EXPECT_EQ(stage.contains("usage"), usage);
        EXPECT_EQ(stage["emostage"]["stage"], (json{{"stage", "phase"},
                                                    {"status", "done"},
                                                    {"result", {{"phase", "acting"}}},
                                                    {"ms", 7}}));
        const auto finish = told[5].object();
        EXPECT_EQ(finish["choices"][0]["finish_reason"], "stop");
        EXPECT_EQ(finish["emostage"]["degraded"], json{"phase.confidence"});
        EXPECT_EQ(finish["emostage"]["timings_ms"]["total"], 90);
        EXPECT_EQ(finish["emostage"]["text_bytes"], 17);
        EXPECT_EQ(finish["emostage"]["text_hash"].get<std::string>().size(), 16u);
    }
}

TEST(ChatStream, AFailureIsAnErrorAndNeverAnEndThatLooksWell) {
    struct Case {
        wire::EventBody end;
        std::string code;
    };
    const std::vector<Case> cases{
        {wire::Failed{Errc::model_cut, "the model's server cut the stream", true}, "model_cut"},
        {wire::Cancelled{"requested"}, "cancelled"},
        {wire::Rejected{Errc::overloaded, "full", 30}, "overloaded"}};
    for (const auto& [end, code] : cases) {
        const auto stream = make_chat_stream(head(), true, true);
        const auto told = tell(
            *stream, numbered({wire::Accepted{0}, wire::Started{"w"}, wire::Delta{"You "}, end}));
        ASSERT_EQ(told.size(), 3u);
        const auto error = told.back().object()["error"];
        EXPECT_EQ(error["code"], code);
        EXPECT_TRUE(error["message"].is_string() && error["type"].is_string());
        EXPECT_TRUE(error["param"].is_null());
        EXPECT_TRUE(stream->over());
    }
}

TEST(ChatStream, AServersFailureEndsTheStreamOnce) {
    const auto stream = make_chat_stream(head(), false, false);
    std::string out;
    stream->on_event(turn()[0], out);
    out.clear();
    stream->fail(api_error(Errc::unavailable, "draining"), out);
    EXPECT_TRUE(stream->over());
    EXPECT_EQ(frames(out).size(), 1u);
    EXPECT_EQ(frames(out)[0].object()["error"]["type"], "server_error");
    stream->fail(api_error(Errc::internal, "again"), out);
    EXPECT_EQ(frames(out).size(), 1u);
}

TEST(ChatStream, AResetBeforeAnyWordIsNotToldAndAfterOneItEndsTheStream) {
    auto early = make_chat_stream(head(), false, false);
    auto told =
        tell(*early, numbered({wire::Accepted{0}, wire::Started{"w1"}, wire::Reset{"worker_lost"},
                               wire::Started{"w2"}, wire::Delta{"Yes."}, completed("Yes.")}));
    EXPECT_EQ(told.size(), 4u);
    EXPECT_EQ(told.back().data, "[DONE]");

    auto late = make_chat_stream(head(), false, false);
    told =
        tell(*late, numbered({wire::Accepted{0}, wire::Started{"w1"}, wire::Delta{"No"},
                              wire::Reset{"worker_lost"}, wire::Delta{"Yes."}, completed("Yes.")}));
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told.back().object()["error"]["code"], "reply_restarted");
}

TEST(ChatStream, WhatComesTwiceAfterTheLibrarysOwnResetIsToldOnce) {
    const auto stream = make_chat_stream(head(), false, false);
    auto events = numbered({wire::Accepted{0}, wire::Started{"w1"}});
    events.push_back(event(0, wire::Reset{"broker_changed"}, 0));
    for (const auto& one : turn()) events.push_back(one);
    const auto told = tell(*stream, events);
    ASSERT_EQ(told.size(), 6u);
    EXPECT_EQ(told[0].object()["choices"][0]["delta"]["role"], "assistant");
    EXPECT_EQ(told[1].object()["choices"][0]["delta"]["content"], "You ");
}

TEST(ChatStream, MergedDeltasAreOneChunkAndEmptyOnesNone) {
    const auto events = turn();
    const auto stream = make_chat_stream(head(), false, false);
    const auto told = tell(*stream, {events[0], events[1], event(3, wire::Delta{""}),
                                     merged(events, 4, 6), events[6]});
    ASSERT_EQ(told.size(), 4u);
    EXPECT_EQ(told[1].object()["choices"][0]["delta"]["content"], "You are \"tired\".\n");
}

TEST(ChatStream, TheFinishReasonIsOneThatClientsKnow) {
    for (const auto& [ours, theirs] : std::vector<std::pair<std::string, std::string>>{
             {"length", "length"}, {"stop", "stop"}, {"", "stop"}, {"eos\"", "stop"}}) {
        const auto stream = make_chat_stream(head(), false, false);
        auto end = completed("");
        end.finish_reason = ours;
        const auto told = tell(*stream, numbered({wire::Accepted{0}, end}));
        EXPECT_EQ(told[1].object()["choices"][0]["finish_reason"], theirs);
    }
}

}  // namespace
}  // namespace emostage::http
