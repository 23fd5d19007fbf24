#include "core/llm/reasoning_filter.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

std::string filtered(std::string_view text, std::size_t piece) {
    ReasoningFilter filter;
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += piece) filter.push(text.substr(i, piece), out);
    filter.finish(out);
    return out;
}

void expect_filtered(std::string_view text, std::string_view expected) {
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
        EXPECT_EQ(filtered(text, piece), expected) << text << " in pieces of " << piece;
    }
}

TEST(ReasoningFilter, AnAnswerWithoutReasoningPassesButForTheSpaceBeforeIt) {
    expect_filtered("Hello <think>there</think>", "Hello <think>there</think>");
    expect_filtered(" \n\t\u3000\u3000Hello ", "Hello ");
    expect_filtered("\u3042\u3000", "\u3042\u3000");
    expect_filtered("", "");
    expect_filtered(" \n\u3000", "");
}

TEST(ReasoningFilter, ReasoningAtTheStartIsDroppedWithTheSpaceAroundIt) {
    expect_filtered("<think>I see < and </b> and <</think>\n\nHello", "Hello");
    expect_filtered(" \n<thinking>x</thinking>Hello", "Hello");
    expect_filtered("<THINK>x</Think> Hello", "Hello");
    expect_filtered("<think></think>\n<think>y</think>Hello", "Hello");
    expect_filtered("<think>a<</</thin</think>b", "b");
}

TEST(ReasoningFilter, ABlockThatNeverClosesSwallowsTheRest) {
    expect_filtered("<think>on and on, Hello", "");
    expect_filtered("<think>on</thin", "");
}

TEST(ReasoningFilter, WhatOnlyLooksLikeATagIsTextAsItWas) {
    expect_filtered("<Thin>k", "<Thin>k");
    expect_filtered("<thinker>", "<thinker>");
    expect_filtered("<", "<");
    expect_filtered("<thi", "<thi");
    expect_filtered("<\u3000", "<\u3000");
    expect_filtered("</think>Hello", "</think>Hello");
    expect_filtered("\xE3\x80", "\xE3\x80");
}

TEST(ReasoningFilter, TheSpaceBeforeAContinuedAnswerIsItsFirstCharacter) {
    const auto expect_kept = [](std::string_view text, std::string_view expected) {
        for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
            ReasoningFilter filter(true);
            std::string out;
            for (std::size_t i = 0; i < text.size(); i += piece) {
                filter.push(text.substr(i, piece), out);
            }
            filter.finish(out);
            EXPECT_EQ(out, expected) << text << " in pieces of " << piece;
        }
    };
    expect_kept(" hard <think>", " hard <think>");
    expect_kept("\n\n\u3000What", "\n\n\u3000What");
    expect_kept("<think>\n\n</think>\n\n How", " How");
    expect_kept("\n<think>x</think>How", "How");
    expect_kept(" <thin", " <thin");
    expect_kept(" \n", "");
}

TEST(ReasoningFilter, KeptSpaceIsBounded) {
    ReasoningFilter filter(true);
    std::string out;
    for (int i = 0; i < 1000; ++i) filter.push("          ", out);
    filter.push("x", out);
    EXPECT_EQ(out, std::string(ReasoningFilter::space_bytes_max, ' ') + "x");
}

TEST(ReasoningFilter, NoMoreThanATagIsHeldBack) {
    ReasoningFilter filter;
    std::string out;
    filter.push("<thinkin", out);
    EXPECT_EQ(out, "");
    filter.push("x and so on", out);
    EXPECT_EQ(out, "<thinkinx and so on");
}

}  // namespace
}  // namespace emostage::llm
