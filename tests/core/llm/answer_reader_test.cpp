#include "core/llm/answer_reader.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

std::string chunk(const std::string& content) {
    return R"(data: {"choices":[{"index":0,"delta":{"content":")" + content + "\"}}]}\n\n";
}
const std::string finish =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string done = "data: [DONE]\n\n";

class AnswerReaderTest : public testing::Test {
protected:
    std::optional<Fault> read(AnswerReader& reader, std::string_view bytes, bool orderly = true) {
        text.clear();
        if (auto fault = reader.on_body(bytes, text)) return fault;
        return reader.on_end(orderly, text);
    }

    ChunkParser parser;
    std::string text;
    static constexpr std::size_t roomy = 1 << 20;
};

TEST_F(AnswerReaderTest, EverySplitOfAStreamGivesTheSameCleanText) {
    const std::string body = ": ping\r\n\r\n" + chunk("<think>hm") + chunk("</thi") +
                             chunk("nk>\\n ") + chunk("\xE3\x81\x82\\ud83d") +
                             chunk("\\ude00\\u0007!") + finish + done;
    for (std::size_t at = 0; at <= body.size(); ++at) {
        AnswerReader reader(parser, true, roomy);
        text.clear();
        ASSERT_FALSE(reader.on_body(std::string_view(body).substr(0, at), text));
        ASSERT_FALSE(reader.on_body(std::string_view(body).substr(at), text));
        ASSERT_TRUE(reader.done());
        ASSERT_FALSE(reader.on_end(true, text));
        ASSERT_EQ(text, "\u3042\U0001F600!") << at;
        ASSERT_EQ(reader.finish_reason(), "stop");
    }
}

TEST_F(AnswerReaderTest, ACharacterThatIsSplitOverChunksAsRawBytesIsNotWhole) {
    // A server that cuts inside a character sends JSON that is not UTF-8: each half is replaced.
    AnswerReader reader(parser, true, roomy);
    EXPECT_FALSE(read(reader, chunk("a\xE3\x81") + chunk("\x82z") + finish + done));
    EXPECT_EQ(text, "a\uFFFD\uFFFDz");
}

TEST_F(AnswerReaderTest, AStreamWithoutItsEndIsACut) {
    AnswerReader reader(parser, true, roomy);
    EXPECT_EQ(read(reader, chunk("Hello"))->code, Errc::model_cut);
    reader.reset();
    EXPECT_EQ(read(reader, chunk("Hello") + finish.substr(0, finish.size() - 1))->code,
              Errc::model_cut);
    reader.reset();
    EXPECT_EQ(read(reader, chunk("Hello") + finish, false)->code, Errc::model_cut);
    reader.reset();
    EXPECT_FALSE(read(reader, chunk("Hello") + finish));
    EXPECT_EQ(text, "Hello");
}

TEST_F(AnswerReaderTest, AnEmptyBodyIsACutNotAnAnswer) {
    for (bool stream : {true, false}) {
        AnswerReader reader(parser, stream, roomy);
        EXPECT_EQ(read(reader, "")->code, Errc::model_cut);
    }
}

TEST_F(AnswerReaderTest, AnAnswerWithoutTextIsRefusedAsOutput) {
    AnswerReader reader(parser, true, roomy);
    EXPECT_EQ(read(reader, finish + done)->code, Errc::model_output);
    reader.reset();
    const auto fault = read(reader, chunk("<think>never closed") + chunk("on") + finish + done);
    EXPECT_EQ(fault->code, Errc::model_output);
    EXPECT_FALSE(fault->retryable);
    EXPECT_EQ(text, "");
}

TEST_F(AnswerReaderTest, EndlessTextIsCutAtTheBoundAndSaysLength) {
    AnswerReader reader(parser, true, 10);
    text.clear();
    EXPECT_FALSE(reader.on_body(chunk("\u3042\u3042\u3042") + chunk("\u3042") + chunk("b"), text));
    EXPECT_TRUE(reader.cut());
    EXPECT_TRUE(reader.done());
    EXPECT_FALSE(reader.on_end(true, text));
    EXPECT_EQ(text, "\u3042\u3042\u3042");
    EXPECT_EQ(reader.finish_reason(), "length");
}

TEST_F(AnswerReaderTest, ReasoningDoesNotCountAgainstTheBound) {
    AnswerReader reader(parser, true, 5);
    EXPECT_FALSE(
        read(reader, chunk("<think>a long thought</think>") + chunk("hello") + finish + done));
    EXPECT_EQ(text, "hello");
    EXPECT_EQ(reader.finish_reason(), "stop");
}

TEST_F(AnswerReaderTest, AStreamThatIsADocumentIsReadAsOne) {
    const std::string body =
        "\n {\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}";
    for (std::size_t at = 0; at <= body.size(); ++at) {
        AnswerReader reader(parser, true, roomy);
        text.clear();
        ASSERT_FALSE(reader.on_body(body.substr(0, at), text));
        ASSERT_FALSE(read(reader, body.substr(at)));
        ASSERT_EQ(text, "hi");
    }
    AnswerReader reader(parser, true, roomy);
    EXPECT_EQ(
        read(reader, R"({"error":{"message":"x","type":"overloaded_error","code":503}})")->code,
        Errc::model_busy);
}

TEST_F(AnswerReaderTest, AWholeAnswerIsItsMessagesCleanContent) {
    AnswerReader reader(parser, false, roomy);
    EXPECT_FALSE(read(
        reader,
        R"({"choices":[{"message":{"reasoning_content":"r","content":" <think>x</think> {\"a\":1}\u0000"},"finish_reason":"stop"}]})"));
    EXPECT_EQ(text, "{\"a\":1}");
}

TEST_F(AnswerReaderTest, AWholeAnswerThatIsCutOrBrokenOrHugeIsNone) {
    AnswerReader reader(parser, false, roomy);
    EXPECT_EQ(read(reader, R"({"choices":[{"mess)")->code, Errc::model_failed);
    reader.reset();
    EXPECT_EQ(read(reader, R"({"choices":[{"mess)", false)->code, Errc::model_cut);
    reader.reset();
    EXPECT_EQ(
        read(reader, R"({"choices":[{"message":{"content":null},"finish_reason":"stop"}]})")->code,
        Errc::model_output);
    reader.reset();
    EXPECT_EQ(read(reader, std::string(AnswerReader::document_bytes_max + 1, ' '))->code,
              Errc::model_failed);
}

TEST_F(AnswerReaderTest, AContinuedAnswerIsWhatFollowsInEverySplit) {
    const std::string body =
        chunk("<think>\\n\\n</think>\\n\\nThat sounds") + chunk(" hard. ") + finish + done;
    for (std::size_t at = 0; at <= body.size(); ++at) {
        AnswerReader reader(parser, true, roomy, "That sounds ");
        text.clear();
        ASSERT_FALSE(reader.on_body(std::string_view(body).substr(0, at), text));
        ASSERT_FALSE(reader.on_body(std::string_view(body).substr(at), text));
        ASSERT_FALSE(reader.on_end(true, text));
        ASSERT_EQ(text, "hard. ") << at;
    }
}

TEST_F(AnswerReaderTest, AContinuedAnswerMayAddNothing) {
    AnswerReader reader(parser, true, roomy, "That sounds hard.");
    EXPECT_FALSE(read(reader, chunk("") + finish + done));
    EXPECT_EQ(text, "");
    reader.reset();
    EXPECT_FALSE(read(reader, chunk("That sounds hard.") + finish + done));
    EXPECT_EQ(text, "");
    reader.reset();
    EXPECT_EQ(read(reader, chunk("<think>never closed") + finish + done)->code, Errc::model_output)
        << "it has thought, and said nothing";
    reader.reset();
    EXPECT_EQ(read(reader, chunk(" and"))->code, Errc::model_cut);
}

TEST_F(AnswerReaderTest, TheBoundOfAContinuedAnswerHoldsForWhatFollows) {
    AnswerReader reader(parser, true, 5, "That sounds");
    EXPECT_FALSE(read(reader, chunk("That sounds very hard") + finish + done));
    EXPECT_EQ(text, " very");
    EXPECT_EQ(reader.finish_reason(), "length");
}

TEST_F(AnswerReaderTest, AStreamWithoutAnyEventIsBoundedToo) {
    AnswerReader reader(parser, true, roomy);
    std::string pings;
    while (pings.size() < 1'000'000) pings += ": ping\n\n";
    std::optional<Fault> fault;
    for (int i = 0; i < 20 && !fault; ++i) fault = reader.on_body(pings, text);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Errc::model_failed);
}

}  // namespace
}  // namespace emostage::llm
