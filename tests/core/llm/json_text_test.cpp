#include "core/llm/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace emostage::llm {
namespace {

using namespace std::string_literals;

std::string written(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::optional<std::string> unescaped(const std::vector<std::string>& pieces) {
    JsonUnescaper unescaper;
    std::string out;
    for (const auto& piece : pieces) {
        if (!unescaper.push(piece, out)) return std::nullopt;
    }
    unescaper.finish(out);
    return out;
}

TEST(JsonText, WhatIsWrittenReadsBackAsItWas) {
    std::string all;
    for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
    all += "\u00e9\u3042\u2028\U0001F600";
    EXPECT_EQ(nlohmann::json::parse(written(all)).get<std::string>(), all);
    EXPECT_EQ(written(""), "\"\"");
}

TEST(JsonText, BytesThatAreNotUtf8AreNeverWritten) {
    const std::string bad =
        "a\xFF"
        "b\xC3\xE3\x81"
        "c\xED\xA0\x80\xF4\x90\x80\x80\xC0\x80"
        "d\xE3\x81";
    const auto read = nlohmann::json::parse(written(bad));  // throws where it is not UTF-8
    const auto text = read.get<std::string>();
    EXPECT_EQ(text.front(), 'a');
    EXPECT_NE(text.find("\uFFFD"), std::string::npos);
    EXPECT_NE(text.find('b'), std::string::npos);
    EXPECT_NE(text.find('c'), std::string::npos);
    EXPECT_NE(text.find('d'), std::string::npos);
}

TEST(JsonUnescaper, EveryEscapeIsResolved) {
    EXPECT_EQ(unescaped({R"(a\"\\\/\b\f\n\r\t\u0041\u00e9\u3042\uD83D\uDE00z)"}),
              "a\"\\/\b\f\n\r\tA\u00e9\u3042\U0001F600z");
    EXPECT_EQ(unescaped({R"(\u0000)"}), "\0"s);
}

TEST(JsonUnescaper, ASurrogatePairMayBeSplitOverTwoStrings) {
    EXPECT_EQ(unescaped({R"(a\ud83d)", R"(\ude00b)"}), "a\U0001F600b");
    EXPECT_EQ(unescaped({R"(a\ud83d)", "", R"(\ude00b)"}), "a\U0001F600b");
}

TEST(JsonUnescaper, ALoneSurrogateBecomesAReplacement) {
    EXPECT_EQ(unescaped({R"(a\ud83db)"}), "a\uFFFDb");
    EXPECT_EQ(unescaped({R"(a\ude00b)"}), "a\uFFFDb");
    EXPECT_EQ(unescaped({R"(\ud83d\ud83d\ude00)"}), "\uFFFD\U0001F600");
    EXPECT_EQ(unescaped({R"(\ud83d\n)"}), "\uFFFD\n");
    EXPECT_EQ(unescaped({R"(a\ud83d)"}), "a\uFFFD");
}

TEST(JsonUnescaper, BrokenEscapesAreRefused) {
    for (const char* raw : {R"(\)", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\u)", R"(a\u00)"}) {
        EXPECT_EQ(unescaped({raw}), std::nullopt) << raw;
    }
}

}  // namespace
}  // namespace emostage::llm
