#include "bench/load/plot.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace emostage::load {
namespace {

using testing::HasSubstr;
using testing::Not;

Plot plot() {
    Plot made;
    made.title = "Latency & load";
    made.x_label = "turns";
    made.y_label = "ms";
    made.series = {{"p50", {{1, 2}, {2, 4}, {4, 8}}}};
    return made;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
    return found;
}

TEST(Plot, HasItsWordsEscapedAndADotForEachPoint) {
    const auto svg = to_svg(plot());
    EXPECT_TRUE(svg.starts_with("<svg xmlns="));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_THAT(svg, HasSubstr("Latency &amp; load"));
    EXPECT_EQ(count(svg, "<circle"), 3u);
    EXPECT_EQ(count(svg, "<polyline"), 1u);
}

TEST(Plot, LinearAxesBeginAtZeroAndEndAtOrAboveTheGreatest) {
    Plot wide = plot();
    wide.series = {{"a", {{10, 70}, {100, 95}}}};
    const auto svg = to_svg(wide);
    // The area is 70…570 wide: 100 of 100 is its right edge.
    EXPECT_THAT(svg, HasSubstr("<circle cx=\"570.0\""));
    EXPECT_THAT(svg, HasSubstr(">0</text>"));
    EXPECT_THAT(svg, HasSubstr(">100</text>"));
}

TEST(Plot, LogarithmicAxesHaveDecades) {
    Plot log = plot();
    log.x_log = log.y_log = true;
    log.series = {{"a", {{1, 0.1}, {10, 1}, {100, 10}}}};
    const auto svg = to_svg(log);
    EXPECT_THAT(svg, HasSubstr("<circle cx=\"320.0\" cy=\"205.0\""));  // the middle of both
}

TEST(Plot, PointsWithoutAPlaceAreLeftOut) {
    Plot odd = plot();
    odd.y_log = true;
    odd.series = {{"a",
                   {{1, 1},
                    {2, 0},
                    {3, -1},
                    {4, std::nan("")},
                    {5, std::numeric_limits<double>::infinity()},
                    {6, 10}}}};
    const auto svg = to_svg(odd);
    EXPECT_EQ(count(svg, "<circle"), 2u);
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Plot, OfNothingOrOnePointIsStillAPlot) {
    for (const bool log : {false, true}) {
        Plot empty = plot();
        empty.x_log = empty.y_log = log;
        for (const auto& points : {std::vector<std::pair<double, double>>{}, {{5.0, 5.0}}}) {
            empty.series = {{"a", points}};
            const auto svg = to_svg(empty);
            EXPECT_EQ(count(svg, "<circle"), points.size());
            EXPECT_THAT(svg, Not(HasSubstr("nan")));
        }
    }
}

TEST(Plot, TheMarkStandsAtItsX) {
    Plot marked = plot();
    marked.mark = 4;
    marked.mark_label = "knee <";
    const auto svg = to_svg(marked);
    EXPECT_THAT(svg, HasSubstr("<line x1=\"570.0\" y1=\"44.0\" x2=\"570.0\" y2=\"366.0\" "
                               "stroke=\"#888\""));
    EXPECT_THAT(svg, HasSubstr("knee &lt;"));
}

}  // namespace
}  // namespace emostage::load
