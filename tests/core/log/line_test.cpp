#include "core/log/line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace emostage::log {
namespace {

using std::chrono::seconds;

std::string text(Fields fields) {
    return line(Format::text, Level::warn, "", "it happened", fields);
}

nlohmann::json json(Fields fields) {
    return nlohmann::json::parse(
        "{" + line(Format::json, Level::warn, "prog", "it happened", fields) + "}");
}

TEST(LogLine, NamesLevelProgramEventAndFields) {
    EXPECT_EQ(line(Format::text, Level::warn, "emostage-broker", "lease lost",
                   {{"turn", "t-1"}, {"attempt", 2}, {"late", true}}),
              "warn  emostage-broker: lease lost turn=t-1 attempt=2 late=true");
    EXPECT_EQ(line(Format::text, Level::error, "", "stop", {}), "error stop");
}

TEST(LogLine, IsOneJsonObjectWithTypedValues) {
    const auto object = json({{"turn", "t-1"}, {"count", 3u}, {"share", 0.5}, {"late", false}});
    EXPECT_EQ(object["level"], "warn");
    EXPECT_EQ(object["program"], "prog");
    EXPECT_EQ(object["event"], "it happened");
    EXPECT_EQ(object["turn"], "t-1");
    EXPECT_EQ(object["count"], 3);
    EXPECT_EQ(object["share"], 0.5);
    EXPECT_EQ(object["late"], false);
}

TEST(LogLine, ShowsDurationsInMilliseconds) {
    EXPECT_EQ(text({{"lease_ms", seconds(7)}}), "warn  it happened lease_ms=7000");
}

TEST(LogLine, ShowsOnlyTheLengthOfWhatMayBeMessageText) {
    EXPECT_EQ(text({{"turn", "I feel so alone"}}),
              "warn  it happened turn=\"(15 bytes not shown)\"");
    EXPECT_EQ(text({{"turn", "つらい"}}), "warn  it happened turn=\"(9 bytes not shown)\"");
    EXPECT_EQ(text({{"turn", "a\nb"}}), "warn  it happened turn=\"(3 bytes not shown)\"");
    EXPECT_EQ(text({{"turn", std::string(word_bytes_max + 1, 'a')}}),
              "warn  it happened turn=\"(257 bytes not shown)\"");
    EXPECT_EQ(json({{"turn", "so alone"}})["turn"], "(8 bytes not shown)");
}

TEST(LogLine, ShowsAWordOfTheGreatestLength) {
    const std::string longest(word_bytes_max, 'a');
    EXPECT_EQ(text({{"turn", longest}}), "warn  it happened turn=" + longest);
}

TEST(LogLine, ShowsASentenceOfOurOwnQuotedOnOneLine) {
    EXPECT_EQ(text({{"error", Sentence{"no \"such\"\nfile\\"}}}),
              "warn  it happened error=\"no \\\"such\\\"?file\\\\\"");
    EXPECT_EQ(json({{"error", Sentence{"no \"such\"\nfile\\ 道"}}})["error"],
              "no \"such\"?file\\ 道");
}

TEST(LogLine, QuotesWordsThatWouldBeReadAsSomethingElse) {
    EXPECT_EQ(text({{"a", ""}, {"b", "x=y"}, {"c", "q\"q"}}),
              "warn  it happened a=\"\" b=\"x=y\" c=\"q\\\"q\"");
}

TEST(LogLine, StaysJsonWhateverTheWordsHold) {
    std::string all;
    for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
    const auto object = json({{"word", "\\\"{}[]"}, {"bytes", all}, {"sentence", Sentence{all}}});
    EXPECT_EQ(object["word"], "\\\"{}[]");
    EXPECT_EQ(object["bytes"], "(255 bytes not shown)");
}

TEST(LogLine, ShowsNumbersThatAreNoneAsNull) {
    EXPECT_TRUE(json({{"share", std::nan("")}})["share"].is_null());
    EXPECT_TRUE(json({{"share", std::numeric_limits<double>::infinity()}})["share"].is_null());
    EXPECT_EQ(json({{"n", std::numeric_limits<std::int64_t>::min()}})["n"],
              std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(json({{"n", std::numeric_limits<std::uint64_t>::max()}})["n"],
              std::numeric_limits<std::uint64_t>::max());
}

TEST(LogLine, EndsAtTheLastFieldThatFitsAndIsStillJson) {
    const std::string longest(sentence_bytes_max, '"');
    const Sentence s{longest};
    const auto content = line(Format::json, Level::info, "p", "e",
                              {{"a", s}, {"b", s}, {"c", s}, {"d", s}, {"e", s}});
    EXPECT_LE(content.size(), line_bytes_max);
    const auto object = nlohmann::json::parse("{" + content + "}");
    EXPECT_TRUE(object.contains("b"));
    EXPECT_FALSE(object.contains("e"));
}

TEST(OneLine, CutsAtACharactersBorderAndSaysSo) {
    EXPECT_EQ(one_line("道道道", 7), "道道...");
    EXPECT_EQ(one_line("道道道", 9), "道道道");
    EXPECT_EQ(one_line("abc", 0), "...");
    EXPECT_EQ(one_line("", 0), "");
}

TEST(OneLine, ReplacesWhatWouldForgeOrHideALine) {
    EXPECT_EQ(one_line("a\r\nb\tc\x1b[31m\x7f", 99), "a??b?c?[31m?");
    EXPECT_EQ(one_line("\u2028\u2029\u202e\u2066\u200f\ufeff\u0085", 99), "???????");
}

TEST(OneLine, ReplacesBytesThatAreNoUtf8OneByOne) {
    EXPECT_EQ(one_line("a\xff\xfe z", 99), "a?? z");
    EXPECT_EQ(one_line("\xc0\xaf", 99), "??");            // overlong
    EXPECT_EQ(one_line("\xe0\x80\x80", 99), "???");       // overlong
    EXPECT_EQ(one_line("\xed\xa0\x80", 99), "???");       // surrogate
    EXPECT_EQ(one_line("\xf4\x90\x80\x80", 99), "????");  // past the last
    EXPECT_EQ(one_line("\xe9\x81", 99), "??");            // cut off
    EXPECT_EQ(one_line("\xf0\x9f\x98\x80", 99), "\xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace emostage::log
