#include "worker/pipeline/plain_text.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace emostage::worker {
namespace {

TEST(OneLine, CollapsesWhiteSpaceAndBreaks) {
    EXPECT_EQ(one_line("  a \t b　c\n\n d ", " / "), "a b c / d");
    EXPECT_EQ(one_line("\n\n", " / "), "");
    EXPECT_EQ(one_line("a \n b", "|"), "a|b");
}

TEST(OneLine, ReplacesWhatIsNoUtf8) {
    EXPECT_EQ(one_line("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(one_line("\xed\xa0\x80").find("\xed"), std::string::npos) << "no surrogates";
}

TEST(OneLine, KeepsTheJoinersOfScriptsAndEmoji) {
    EXPECT_EQ(one_line("می‌خواهم"), "می‌خواهم");
    EXPECT_EQ(one_line("👨‍👩‍👧"), "👨‍👩‍👧");
    EXPECT_EQ(one_line("a\u00adb\u2060c"), "abc");
}

TEST(WithoutBrackets, MakesThemFullWidth) {
    EXPECT_EQ(without_brackets("<a>[b]"), "＜a＞［b］");
    EXPECT_EQ(without_brackets("(>_<)"), "(＞_＜)");
}

TEST(Cut, NeverTearsACharacter) {
    EXPECT_EQ(cut_chars("あいう", 2), "あい");
    EXPECT_EQ(cut_chars("あいう", 3), "あいう");
    EXPECT_EQ(cut_chars("あいう", 9), "あいう");
    EXPECT_EQ(cut_chars("x", 0), "");
    EXPECT_EQ(cut_chars("ae\u0301b", 2), "a") << "e and its accent stay together";
    EXPECT_EQ(cut_chars("ae\u0301b", 3), "ae\u0301");
    EXPECT_EQ(cut_chars("a👩‍👧", 3), "a");
    EXPECT_EQ(cut_chars("a👍🏽", 2), "a");
    EXPECT_EQ(cut_bytes("あい", 5), "あ");
    EXPECT_EQ(cut_bytes("あい", 2), "");
    EXPECT_EQ(cut_bytes("あい", 6), "あい");
}

TEST(Cut, TearsAnEndlessPileOfMarks) {
    std::string pile = "a";
    for (int i = 0; i < 1000; ++i) pile += "\u0301";
    EXPECT_EQ(cut_chars(pile, 500).size(), 1u + 499u * 2u);
    EXPECT_TRUE(simdjson::validate_utf8(std::string(cut_bytes(pile, 500))));
}

TEST(Folded, KeepsLettersAndDigitsOnly) {
    EXPECT_EQ(folded("Way-Forward_2 !"), "wayforward2");
    EXPECT_EQ(folded("ＡＢＣ"), "abc");
    EXPECT_EQ(folded("ｶﾅ"), "カナ");
    EXPECT_EQ(folded("…・「」"), "");
    EXPECT_EQ(folded("\xff"), "");
    EXPECT_LE(folded(std::string(10'000, 'x')).size(), 256u);
}

}  // namespace
}  // namespace emostage::worker
