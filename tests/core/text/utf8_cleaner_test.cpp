#include "core/text/utf8_cleaner.hpp"

#include <gtest/gtest.h>

namespace emostage {
namespace {

using namespace std::string_literals;

std::string clean_in_pieces(std::string_view bytes, std::size_t piece) {
    Utf8Cleaner cleaner;
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += piece) cleaner.push(bytes.substr(i, piece), out);
    cleaner.finish(out);
    return out;
}

TEST(Utf8Cleaner, ValidTextOfEveryLengthPassesUnchangedHoweverItIsSplit) {
    const std::string text = "a\u00e9\u3042\u4f60\u3002\U0001F600z\n\tend\uFFFD\U0010FFFF";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_EQ(clean_in_pieces(text, piece), text) << piece;
    }
}

TEST(Utf8Cleaner, ControlsOtherThanNewlineAndTabAreDropped) {
    const std::string text = "a\0b\x1b[31mc\r\n\x7f\t\xC2\x80"s + "d\xC2\x9F" + "e\xC2\xA0";
    EXPECT_EQ(clean_utf8(text), "ab[31mc\n\tde\xC2\xA0");
    EXPECT_EQ(clean_in_pieces(text, 1), "ab[31mc\n\tde\xC2\xA0");
}

TEST(Utf8Cleaner, EachLongestWrongBeginningBecomesOneReplacement) {
    const std::string r = "\uFFFD";
    const std::pair<std::string, std::string> cases[] = {
        {"\x80", r},
        {"\xFFz", r + "z"},
        {"\xC0\x80", r + r},                  // overlong
        {"\xE0\x80\x80", r + r + r},          // overlong
        {"\xED\xA0\x80", r + r + r},          // a surrogate
        {"\xF4\x90\x80\x80", r + r + r + r},  // past U+10FFFF
        {"\xF5\x80", r + r},
        {"\xE3\x81", r},  // cut off
        {"\xE3\x81z", r + "z"},
        {"\xF0\x9F\x98z", r + "z"},
        {"\xE3\xE3\x81\x82", r + "\u3042"},
        {"\xC3\n", r + "\n"},
    };
    for (const auto& [bytes, expected] : cases) {
        EXPECT_EQ(clean_utf8(bytes), expected);
        EXPECT_EQ(clean_in_pieces(bytes, 1), expected);
    }
}

TEST(Utf8Cleaner, AnIncompleteTailIsHeldBackUntilTheRestComes) {
    Utf8Cleaner cleaner;
    std::string out;
    cleaner.push("\xF0\x9F\x98", out);
    EXPECT_EQ(out, "");
    cleaner.push("\x80!", out);
    EXPECT_EQ(out, "\U0001F600!");
}

TEST(Utf8Cleaner, TheBoundCutsOnTheBorderOfACharacterAndNothingShorterFollows) {
    Utf8Cleaner cleaner(8);
    std::string out;
    cleaner.push("\u3042\u3044", out);
    EXPECT_FALSE(cleaner.full());
    cleaner.push("\u3046", out);
    EXPECT_TRUE(cleaner.full());
    cleaner.push("ab", out);
    cleaner.finish(out);
    EXPECT_EQ(out, "\u3042\u3044");
    EXPECT_EQ(cleaner.bytes(), 6u);
}

TEST(Utf8Cleaner, TextThatFillsTheBoundExactlyIsNotCut) {
    Utf8Cleaner cleaner(4);
    std::string out;
    cleaner.push("abcd", out);
    EXPECT_FALSE(cleaner.full());
    cleaner.push("e", out);
    EXPECT_TRUE(cleaner.full());
    EXPECT_EQ(out, "abcd");
}

TEST(Utf8Cleaner, AReplacementThatDoesNotFitIsDropped) {
    Utf8Cleaner cleaner(2);
    std::string out;
    cleaner.push("\xFF\xFF\xFF", out);
    EXPECT_TRUE(cleaner.full());
    EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace emostage
