#include "gateway/chat/line_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace emostage::chat {
namespace {

std::vector<Line> lines_of(std::string_view text, std::size_t piece, std::size_t bytes_max) {
    LineReader reader(bytes_max);
    std::vector<Line> lines;
    const auto take = [&] {
        while (auto line = reader.next()) lines.push_back(*line);
    };
    for (std::size_t at = 0; at < text.size(); at += piece) {
        reader.add(text.substr(at, piece));
        take();
    }
    EXPECT_FALSE(reader.done());
    reader.end();
    take();
    EXPECT_TRUE(reader.done());
    return lines;
}

TEST(LineReader, LinesAreTheSameHoweverTheyAreCut) {
    const std::string text = "one\r\n\ntwo\nthis is much too long for it\nthree";
    const std::vector<Line> expected = {{"one"}, {""}, {"two"}, {"", true}, {"three"}};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_EQ(lines_of(text, piece, 10), expected) << piece;
    }
}

TEST(LineReader, AnInputThatEndsWithALineFeedHasNoEmptyLastLine) {
    EXPECT_EQ(lines_of("one\n", 9, 10), (std::vector<Line>{{"one"}}));
    EXPECT_EQ(lines_of("", 9, 10), (std::vector<Line>{}));
}

TEST(LineReader, AnEndlessLineIsNotKept) {
    EXPECT_EQ(lines_of(std::string(100'000, 'x'), 1000, 10), (std::vector<Line>{{"", true}}));
    EXPECT_EQ(lines_of(std::string(10, 'x') + "\n", 3, 10),
              (std::vector<Line>{{std::string(10, 'x')}}));
    EXPECT_EQ(lines_of(std::string(11, 'x') + "\n", 3, 10), (std::vector<Line>{{"", true}}));
}

}  // namespace
}  // namespace emostage::chat
