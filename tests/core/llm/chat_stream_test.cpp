#include "core/llm/chat_stream.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

class ChatStreamTest : public testing::Test {
protected:
    std::optional<Fault> event(std::string_view data, std::string_view name = "") {
        return stream.on_event(name, data, content);
    }
    void good(std::string_view data) {
        const auto fault = event(data);
        EXPECT_FALSE(fault) << data << ": " << (fault ? fault->what : "");
    }

    ChunkParser parser;
    ChatStream stream{parser};
    std::string content;
};

TEST_F(ChatStreamTest, AnOrdinaryStreamGivesItsContentReasonAndUsage) {
    good(
        R"({"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]})");
    good(R"({"id":"x","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})");
    good(
        R"({"id":"x","choices":[{"index":0,"delta":{"content":"lo \u3042"},"finish_reason":null}]})");
    EXPECT_FALSE(stream.finished());
    good(R"({"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
    EXPECT_TRUE(stream.finished());
    EXPECT_FALSE(stream.done());
    good(
        R"({"id":"x","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":8}}})");
    good("[DONE]");
    EXPECT_TRUE(stream.done());
    EXPECT_EQ(content, "Hello \u3042");
    EXPECT_EQ(stream.finish_reason(), "stop");
    EXPECT_EQ(stream.usage().prompt_tokens, 11);
    EXPECT_EQ(stream.usage().completion_tokens, 3);
}

TEST_F(ChatStreamTest, ReasoningNullsMissingChoicesAndUnknownFieldsAreReadPast) {
    good(R"({"choices":[{"delta":{"role":"assistant"}}]})");
    good(R"({"choices":[{"delta":{"reasoning_content":"secret","content":null}}]})");
    good(
        R"({"choices":[{"delta":{"reasoning":"secret","reasoning_details":[{"content":"secret"}]}}]})");
    good(R"({"choices":[{"delta":null}]})");
    good(R"({"choices":null,"error":null,"usage":null})");
    good(R"({"timings":{"a":[1,2,{"content":"secret"}]},"x_groq":{}})");
    good(R"({})");
    good(
        R"({"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"secret"}}],"content":"a"},"finish_reason":null,"index":0}]})");
    good(R"({"choices":[{"delta":{"content":["secret"]}},7,null]})");
    EXPECT_EQ(content, "a");
}

TEST_F(ChatStreamTest, OtherChoicesThanTheFirstAreLeftOut) {
    good(
        R"({"choices":[{"delta":{"content":"b"},"finish_reason":"length","index":1},{"delta":{"content":"a"},"index":0}]})");
    EXPECT_EQ(content, "a");
    EXPECT_FALSE(stream.finished());
}

TEST_F(ChatStreamTest, BrokenChunksAreModelFailures) {
    for (const char* data :
         {"", "{", "}", "nonsense", "[1]", "\"text\"", "42", "null",
          "{\"choices\":[{\"delta\":{\"content\":\"x",
          "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]", "{\"choices\":[}]}", "{} {}",
          "{\"a\" 1}", "{\"choices\":[{\"delta\":{\"content\":\"\\x\"}}]}",
          "{\"choices\":[{\"delta\":{\"content\":\"\\u12\"}}]}"}) {
        stream.reset();
        const auto fault = event(data);
        ASSERT_TRUE(fault) << data;
        EXPECT_EQ(fault->code, Errc::model_failed) << data;
        EXPECT_TRUE(fault->retryable) << data;
    }
}

TEST_F(ChatStreamTest, AnErrorInsideTheStreamEndsItWithoutItsMessage) {
    good(R"({"choices":[{"delta":{"content":"a"}}]})");
    const auto fault = event(
        R"({"error":{"message":"I feel so alone","type":"server_error","param":null,"code":"internal"}})");
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Errc::model_failed);
    EXPECT_EQ(fault->what, "error in the answer (server_error, internal)");
    EXPECT_TRUE(fault->retryable);
}

TEST_F(ChatStreamTest, AnErrorsTypeThatIsNoNameIsLeftOut) {
    const auto fault = event(R"({"error":{"type":"she said: help","code":"a b"}})");
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->what, "error in the answer");
}

TEST_F(ChatStreamTest, AnErrorsStatusDecidesWhetherAgainHelps) {
    const std::tuple<const char*, Errc, bool> cases[] = {
        {R"({"error":{"code":400,"type":"BadRequestError"}})", Errc::model_refused, false},
        {R"({"error":{"code":"429"}})", Errc::model_busy, true},
        {R"({"error":{"code":503}})", Errc::model_busy, true},
        {R"({"error":"out of memory"})", Errc::model_failed, true},
        {R"({"error":{}})", Errc::model_failed, true},
    };
    for (const auto& [data, code, retryable] : cases) {
        stream.reset();
        const auto fault = event(data);
        ASSERT_TRUE(fault) << data;
        EXPECT_EQ(fault->code, code) << data;
        EXPECT_EQ(fault->retryable, retryable) << data;
    }
}

TEST_F(ChatStreamTest, AnEventNamedErrorIsOneWhateverItHolds) {
    EXPECT_EQ(event("something broke", "error")->code, Errc::model_failed);
    EXPECT_EQ(event(R"({"message":"x"})", "error")->code, Errc::model_failed);
}

TEST_F(ChatStreamTest, DoneWithoutAFinishReasonIsACut) {
    good(R"({"choices":[{"delta":{"content":"a"}}]})");
    EXPECT_EQ(event("[DONE]")->code, Errc::model_cut);
}

TEST_F(ChatStreamTest, TheBodysEndIsASuccessOnlyAfterAFinishReasonAndInGoodOrder) {
    EXPECT_EQ(stream.on_end(true, content)->code, Errc::model_cut);
    stream.reset();
    good(R"({"choices":[{"delta":{"content":"a"}}]})");
    EXPECT_EQ(stream.on_end(true, content)->code, Errc::model_cut);
    stream.reset();
    good(R"({"choices":[{"delta":{"content":"a"},"finish_reason":"length"}]})");
    EXPECT_EQ(stream.on_end(false, content)->code, Errc::model_cut);
    EXPECT_FALSE(stream.on_end(true, content));
    EXPECT_EQ(stream.finish_reason(), "length");
}

TEST_F(ChatStreamTest, WhatFollowsDoneIsOfNoInterest) {
    good(R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]})");
    good("[DONE]");
    good("nonsense");
    EXPECT_FALSE(stream.on_end(false, content));
    EXPECT_EQ(content, "a");
}

TEST_F(ChatStreamTest, BytesThatAreNotUtf8AndRawControlsDoNotEndTheStream) {
    good("{\"choices\":[{\"delta\":{\"content\":\"a\xFF\xE3\x81z\"}}]}");
    good("{\"choices\":[{\"delta\":{\"content\":\"b\x01\tc\"}}]}");
    EXPECT_EQ(content, "a\uFFFD\uFFFDzb  c");
}

TEST_F(ChatStreamTest, SurrogatesAreJoinedOverChunksOrReplaced) {
    good(R"({"choices":[{"delta":{"content":"\ud83d"}}]})");
    good(R"({"choices":[{"delta":{"content":"\ude00"}}]})");
    good(R"({"choices":[{"delta":{"content":"x\ud83d"}}]})");
    good(R"({"choices":[{"delta":{"content":"y"},"finish_reason":"stop"}]})");
    EXPECT_EQ(content, "\U0001F600x\uFFFDy");
}

TEST_F(ChatStreamTest, AnOddFinishReasonIsNotRepeated) {
    good(R"({"choices":[{"delta":{},"finish_reason":"because she said so"}]})");
    EXPECT_EQ(stream.finish_reason(), "other");
}

TEST_F(ChatStreamTest, NumbersOutOfRangeInUsageAreIgnored) {
    good(R"({"choices":[],"usage":{"prompt_tokens":-5,"completion_tokens":1e99}})");
    EXPECT_EQ(stream.usage().prompt_tokens, 0);
    EXPECT_EQ(stream.usage().completion_tokens, 0);
}

TEST_F(ChatStreamTest, DeepNestingIsRefusedOrReadPastButNeverFollowed) {
    std::string deep = "{\"x\":";
    for (int i = 0; i < 100'000; ++i) deep += '[';
    EXPECT_TRUE(event(deep));
    for (int i = 0; i < 100'000; ++i) deep += ']';
    event(deep + "}");  // either way is right
}

TEST_F(ChatStreamTest, AWholeDocumentInsteadOfAStreamIsReadAtOnce) {
    EXPECT_FALSE(stream.on_document(
        R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a\nb"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}})",
        content));
    EXPECT_EQ(content, "a\nb");
    EXPECT_TRUE(stream.done());
    EXPECT_EQ(stream.usage().prompt_tokens, 2);
    stream.reset();
    EXPECT_EQ(stream.on_document(R"({"error":{"code":400}})", content)->code, Errc::model_refused);
    EXPECT_EQ(stream.on_document(R"({"object":"list"})", content)->code, Errc::model_failed);
    EXPECT_EQ(stream.on_document("<html>", content)->code, Errc::model_failed);
}

}  // namespace
}  // namespace emostage::llm
