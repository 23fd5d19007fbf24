#include "core/llm/continuation.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

std::string after(Continuation& continuation, std::string_view said, std::size_t piece) {
    std::string out;
    for (std::size_t i = 0; i < said.size(); i += piece) {
        continuation.push(said.substr(i, piece), out);
    }
    continuation.finish(out);
    return out;
}

// The same whatever the pieces are.
void expect_after(std::string_view text, std::string_view said, std::string_view expected) {
    Continuation continuation(text);
    for (std::size_t piece = 1; piece <= said.size() + 1; ++piece) {
        EXPECT_EQ(after(continuation, said, piece), expected)
            << "\"" << text << "\" + \"" << said << "\" in pieces of " << piece;
        continuation.reset();
    }
}

TEST(Continuation, WhatFollowsPassesAsItIs) {
    expect_after("That sounds very", " hard. ", " hard. ");
    expect_after("That sounds ver", "y hard.", "y hard.");
    expect_after("とてもつらい", "ですね。", "ですね。");
    expect_after("That sounds very hard.", "\n\nWhat", "\n\nWhat");
    expect_after("That sounds very hard.", "", "");
}

TEST(Continuation, SpaceThatReadersHoldDoesNotComeTwice) {
    expect_after("That sounds very ", " hard.", "hard.");
    expect_after("That sounds very ", "hard.", "hard.");
    expect_after("It is hard.\n\n", "\n\nWhat", "What");
    expect_after("It is hard.\n", "\n\nWhat", "\nWhat");
    expect_after("It is hard.\n\n", " What", "What");
    expect_after("It is hard. ", "\n\nWhat", "\n\nWhat");
    expect_after("It is hard. ", "  What", "What");
    expect_after("That sounds very ", " \n", "");  // nothing visible follows
}

TEST(Continuation, ARepeatOfTheTextIsCut) {
    const std::string text = "That sounds very";
    expect_after(text, text + " hard.", " hard.");
    expect_after(text, "\n\n" + text + " hard.", " hard.");
    expect_after(text + " ", text + " hard.", "hard.");
    expect_after(text, text, "");
    expect_after("とてもつらい", "とてもつらいですね。", "ですね。");
}

TEST(Continuation, WhatOnlyBeginsLikeTheTextIsNoRepeat) {
    expect_after("That sounds very", " That sound is new.", " That sound is new.");
    expect_after("That sounds very ", " That sound is new.", "That sound is new.");
    expect_after("That sounds very", "That", "That");
    expect_after("とてもつらい", "とても", "とても");
    expect_after("abababab", "ababab", "ababab");
}

TEST(Continuation, OfAShortTextAFirstWordMayComeTwice) {
    expect_after("No, ", "no, no.", "no, no.");
    expect_after("はい", "はい、", "はい、");
}

TEST(Continuation, SpaceWithoutEndIsNotHeld) {
    Continuation continuation("That sounds very");
    std::string out;
    for (int i = 0; i < 1000; ++i) continuation.push(std::string(100, '\n'), out);
    EXPECT_EQ(out, "");
    continuation.push("x", out);
    EXPECT_EQ(out, std::string(Continuation::space_bytes_max, '\n') + "x");
}

TEST(Continuation, TheSpaceAtTheTextsEndIsNotSent) {
    EXPECT_EQ(Continuation::sent("That sounds \n\t "), "That sounds");
    EXPECT_EQ(Continuation::sent("はい。\u3000\u3000"), "はい。");
    EXPECT_EQ(Continuation::sent(" \n"), "");
    EXPECT_EQ(Continuation::sent(""), "");
}

}  // namespace
}  // namespace emostage::llm
