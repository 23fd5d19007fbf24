#include "core/llm/repeated_chunk.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

class RepeatedChunkTest : public testing::Test {
protected:
    static std::string chunk(const std::string& content, const std::string& finish = "null") {
        return R"({"id":"c1","choices":[{"index":0,"delta":{"content":")" + content +
               R"("},"finish_reason":)" + finish + "}]}";
    }
    void remember(const std::string& json) {
        const ChatChunk* parsed = parser.parse(json);
        ASSERT_NE(parsed, nullptr);
        repeated.remember(json, *parsed);
    }
    // What matching finds is what parsing finds.
    std::optional<std::string> match(const std::string& json) {
        const auto raw = repeated.match(json);
        if (!raw) return std::nullopt;
        const ChatChunk* parsed = parser.parse(json);
        EXPECT_NE(parsed, nullptr) << json;
        if (parsed) {
            EXPECT_EQ(parsed->content, *raw);
        }
        return std::string(*raw);
    }

    ChunkParser parser;
    RepeatedChunk repeated;
};

TEST_F(RepeatedChunkTest, MatchesWhatDiffersInItsContentAlone) {
    EXPECT_FALSE(match(chunk("a"))) << "nothing is remembered";
    remember(chunk("Hello"));
    for (const char* content : {"", "x", " longer than before", R"(a\"b\\)", R"(\u3042\n)", "あ"}) {
        EXPECT_EQ(match(chunk(content)), content);
    }
}

TEST_F(RepeatedChunkTest, LeavesEverythingElseToTheParser) {
    remember(chunk("Hello"));
    EXPECT_FALSE(match(chunk("a", R"("stop")")));
    EXPECT_FALSE(match(
        R"({"id":"c2","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})"));
    EXPECT_FALSE(match(chunk("a") + " "));
    EXPECT_FALSE(match(""));
    const auto whole = chunk("a");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(match(whole.substr(0, size)));
}

TEST_F(RepeatedChunkTest, IsNotFooledByWhatEndsTheStringOrIsNoString) {
    remember(chunk("Hello"));
    EXPECT_FALSE(match(chunk(R"(","role":"x)"))) << "a quote of its own";
    EXPECT_FALSE(match(chunk("a\\"))) << "the quote after it is escaped";
    EXPECT_FALSE(match(chunk("a\nb"))) << "a control has to be mended";
    EXPECT_FALSE(match(chunk("a\xff"))) << "no UTF-8";
    EXPECT_FALSE(match(chunk("\xe3\x81"))) << "half a character";
}

TEST_F(RepeatedChunkTest, NeverMatchesAfterAChunkThatSaidMore) {
    remember(chunk("a"));
    remember(chunk("b", R"("stop")"));
    EXPECT_FALSE(match(chunk("c")));
    EXPECT_FALSE(match(chunk("c", R"("stop")")));
    remember(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})");
    EXPECT_FALSE(match(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})"));
    remember(R"({"choices":[{"delta":{"role":"assistant"}}]})");
    EXPECT_FALSE(match(R"({"choices":[{"delta":{"role":"assistant"}}]})"));
    remember(R"({"choices":[{"index":1,"delta":{"content":"x"}}]})");
    EXPECT_FALSE(match(R"({"choices":[{"index":1,"delta":{"content":"y"}}]})"));
}

TEST_F(RepeatedChunkTest, ForgetsAFrameThatIsTooLarge) {
    const std::string large(RepeatedChunk::frame_bytes_max, 'x');
    remember(R"({"id":")" + large + R"(","choices":[{"delta":{"content":"a"}}]})");
    EXPECT_FALSE(match(R"({"id":")" + large + R"(","choices":[{"delta":{"content":"b"}}]})"));
}

}  // namespace
}  // namespace emostage::llm
