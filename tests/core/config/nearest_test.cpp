#include "core/config/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace emostage::config {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("abc", ""), 3u);
    EXPECT_EQ(edit_distance("phase", "phase"), 0u);
    EXPECT_EQ(edit_distance("phas", "phase"), 1u);
    EXPECT_EQ(edit_distance("phaze", "phase"), 1u);
    EXPECT_EQ(edit_distance("pahse", "phase"), 1u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(EditDistance, IgnoresAsciiCase) { EXPECT_EQ(edit_distance("Phase", "pHASE"), 0u); }

TEST(EditDistance, ComparesOnlyTheFirst64Bytes) {
    EXPECT_EQ(edit_distance(std::string(64, 'a') + "x", std::string(64, 'a') + "yyyy"), 0u);
    EXPECT_EQ(edit_distance(std::string(100'000, 'a'), std::string(100'000, 'b')), 64u);
}

TEST(Nearest, FindsTheNameThatWasProbablyMeant) {
    const std::vector<std::string> names{"prompt", "preamble", "output", "after"};
    EXPECT_EQ(nearest("promt", names), "prompt");
    EXPECT_EQ(nearest("outptu", names), "output");
    EXPECT_EQ(nearest("ofter", names), "after");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
    const std::vector<std::string> names{"prompt", "preamble", "a"};
    EXPECT_EQ(nearest("temperature", names), "");
    EXPECT_EQ(nearest("b", names), "");
    EXPECT_EQ(nearest("", names), "");
    EXPECT_EQ(nearest("prompt", {}), "");
}

TEST(Nearest, PrefersTheFirstOfEquals) {
    const std::vector<std::string> names{"stage_a", "stage_b"};
    EXPECT_EQ(nearest("stage_c", names), "stage_a");
}

TEST(InQuotes, ShowsForeignNamesShortAndWithoutControls) {
    EXPECT_EQ(in_quotes("a b"), "\"a b\"");
    EXPECT_EQ(in_quotes("a\n\x7f"), "\"a??\"");
    EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(64, 'x') + "…\"");
    EXPECT_EQ(in_quotes(std::string(63, 'x') + "あ"), "\"" + std::string(63, 'x') + "…\"");
}

TEST(DidYouMean, IsTheEndOfAMessageOrNothing) {
    const std::vector<std::string> names{"prompt"};
    EXPECT_EQ(did_you_mean("promt", names), "; did you mean \"prompt\"?");
    EXPECT_EQ(did_you_mean("zzz", names), "");
}

}  // namespace
}  // namespace emostage::config
