#include "gateway/chat/terminal_text.hpp"

#include <gtest/gtest.h>

namespace emostage::chat {
namespace {

TEST(TerminalText, OrdinaryTextOfAnyScriptIsLeftAlone) {
    for (const std::string text :
         {"plain", "こんにちは\n\t改行", "你好，世界", "e\xcc\x81 👪", ""}) {
        EXPECT_EQ(clean(text), text);
        EXPECT_TRUE(is_utf8(text));
    }
}

TEST(TerminalText, EveryControlCharacterIsTakenOut) {
    for (int byte = 0; byte < 0x20; ++byte) {
        if (byte == '\n' || byte == '\t') continue;
        EXPECT_EQ(clean(std::string("a") + static_cast<char>(byte) + "b"), "ab") << byte;
    }
    EXPECT_EQ(clean("a\x7f"
                    "b"),
              "ab");
    for (int byte = 0x80; byte < 0xa0; ++byte) {
        EXPECT_EQ(clean(std::string("a\xc2") + static_cast<char>(byte) + "b"), "ab") << byte;
    }
}

TEST(TerminalText, LineSeparatorsBecomeLineFeeds) {
    EXPECT_EQ(clean("a\xe2\x80\xa8"
                    "b\xe2\x80\xa9"
                    "c"),
              "a\nb\nc");
}

TEST(TerminalText, WhatIsNotUtf8IsReplaced) {
    EXPECT_EQ(clean("a\xff"
                    "b\xe3\x81"),
              "a\xef\xbf\xbd"
              "b\xef\xbf\xbd");
    EXPECT_FALSE(is_utf8("\xff"));
    EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "a surrogate";
    EXPECT_FALSE(is_utf8("\xc0\x80")) << "overlong";
}

TEST(TerminalText, ALineIsCutByCharactersNotBytes) {
    EXPECT_EQ(clean_line("ああああ", 3), "あああ…");
    EXPECT_EQ(clean_line("あああ", 3), "あああ");
    EXPECT_EQ(clean_line("a\nb\tc\x1b", 9), "a b c");
}

TEST(TerminalText, WrappedLinesAreCountedAsATerminalDoes) {
    EXPECT_EQ(lines_below("", 10), 0u);
    EXPECT_EQ(lines_below("0123456789", 10), 0u) << "the cursor waits in the last column";
    EXPECT_EQ(lines_below("0123456789a", 10), 1u);
    EXPECT_EQ(lines_below("0123456789\n", 10), 1u);
    EXPECT_EQ(lines_below("あいうえお", 10), 0u);
    EXPECT_EQ(lines_below("aあいうえお", 10), 1u) << "a wide character does not fit half";
    EXPECT_EQ(lines_below("e\xcc\x81"
                          "e\xcc\x81",
                          2),
              0u)
        << "accents take no room";
    EXPECT_EQ(lines_below(std::string(160, 'x'), 0), 1u) << "an unknown width is taken as 80";
}

}  // namespace
}  // namespace emostage::chat
