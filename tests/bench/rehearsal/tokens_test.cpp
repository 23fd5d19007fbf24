#include "bench/rehearsal/tokens.hpp"

#include <nlohmann/json.hpp>

namespace emostage::rehearsal {
namespace {

std::vector<std::string> list(const Tokens& tokens) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < tokens.count(); ++i) all.emplace_back(tokens[i]);
    return all;
}

TEST(Tokens, AnEnglishTokenIsAWordWithTheSpaceBeforeIt) {
    EXPECT_THAT(list(cut_into_tokens("I don't know, really.")),
                testing::ElementsAre("I", " don't", " know", ",", " really", "."));
}

TEST(Tokens, AJapaneseTokenIsOneKanjiOrTwoKana) {
    EXPECT_THAT(list(cut_into_tokens("悲しいのですね。")),
                testing::ElementsAre("悲", "しい", "ので", "すね", "。"));
}

TEST(Tokens, AChineseTokenIsOneCharacter) {
    EXPECT_THAT(list(cut_into_tokens("我在听。")), testing::ElementsAre("我", "在", "听", "。"));
}

TEST(Tokens, AnEmptyTextHasNone) { EXPECT_EQ(cut_into_tokens("").count(), 0u); }

TEST(Tokens, NothingIsLostAndNoCharacterIsCutWhateverTheBytes) {
    const std::vector<std::string> texts = {"  two  spaces ",
                                            "a\n\nb",
                                            "👩‍👩‍👧 família é",
                                            std::string("\0\x01", 2),
                                            "\xff\xe3\x81 broken",
                                            std::string(1000, 'w')};
    for (const std::string& text : texts) {
        std::string joined;
        for (const std::string& token : list(cut_into_tokens(text))) {
            EXPECT_FALSE(token.empty());
            joined += token;
        }
        EXPECT_EQ(joined, text);
    }
    for (const std::string& token : list(cut_into_tokens("残業が続いて、ぐっすり眠れません。"))) {
        EXPECT_NE(static_cast<unsigned char>(token.front()) & 0xC0, 0x80)
            << "begins in mid-character";
    }
}

TEST(Tokens, FittingCutsToTheFirstOnes) {
    EXPECT_THAT(list(fit_tokens(cut_into_tokens("one two three"), 2)),
                testing::ElementsAre("one", " two"));
}

TEST(Tokens, FittingBeginsTheTextAnewWhereItIsTooShort) {
    EXPECT_THAT(list(fit_tokens(cut_into_tokens("one two"), 5)),
                testing::ElementsAre("one", " two", " two", " one", " one"));
    EXPECT_EQ(fit_tokens(cut_into_tokens(""), 3).count(), 3u);
}

TEST(Tokens, WhatFollowsABeginningIsTheRestFromAnyPlace) {
    const Tokens whole = cut_into_tokens("That sounds hard.");
    for (std::size_t at = 1; at < whole.text.size(); ++at) {
        const Tokens rest = tokens_after(whole, whole.text.substr(0, at));
        EXPECT_EQ(rest.text, whole.text.substr(at));
        EXPECT_EQ(rest.ends.back(), rest.text.size());
        EXPECT_LE(rest.count(), whole.count());
    }
}

TEST(Tokens, AfterAWholeTextOrAnotherOneThereIsNothing) {
    const Tokens whole = cut_into_tokens("That sounds hard.");
    for (const char* begun : {"That sounds hard.", "That sounds hard. And", "This"}) {
        const Tokens rest = tokens_after(whole, begun);
        EXPECT_EQ(rest.count(), 1u) << begun;
        EXPECT_EQ(rest.text, "");
    }
}

TEST(Tokens, EscapedTextIsTheInsideOfAJsonString) {
    std::string every;
    for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
    every += "「鍵」";
    std::string json = "\"";
    append_json_escaped(json, every);
    EXPECT_EQ(nlohmann::json::parse(json + "\"").get<std::string>(), every);
}

TEST(Tokens, EscapingKeepsTheBordersOfTheTokens) {
    const Tokens tokens = cut_into_tokens("say \"a\nb\"");
    const Tokens escaped = json_escaped(tokens);
    ASSERT_EQ(escaped.count(), tokens.count());
    EXPECT_THAT(list(escaped), testing::ElementsAre("say", " ", "\\\"", "a", "\\n", "b", "\\\""));
}

}  // namespace
}  // namespace emostage::rehearsal
