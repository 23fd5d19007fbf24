#include "bench/load/report.hpp"

#include <gmock/gmock.h>

#include "bench/load/knee.hpp"
#include "bench/load/progress.hpp"

namespace emostage::load {
namespace {

using testing::HasSubstr;
using testing::Not;

Row row(const char* mode, double load, double turns_s, double first_ms) {
    Row made;
    made.label = "Open loop";
    made.mode = mode;
    made.rhythm = std::string(mode) == "open" ? "poisson" : "";
    made.state = "journal";
    made.load = load;
    made.turns_s = turns_s;
    made.first_p50 = made.first_p95 = made.first_p99 = made.first_p999 = first_ms;
    made.cpu_broker = 0.1;
    made.cpu_worker = 0.15;
    return made;
}

// Latency is flat up to 400/s, where 380 are the most that get through.
std::vector<Row> sweep() {
    auto last = row("open", 1'200, 375, 20);
    last.rejected = 800;
    last.refusal_p50 = 0.5;
    last.refusal_p99 = 3;
    return {row("open", 100, 100, 5), row("open", 200, 200, 5), row("open", 400, 380, 6),
            row("open", 800, 370, 20), last};
}

TEST(Knee, IsWhereThroughputForLatencyIsMost) {
    EXPECT_EQ(find_knee({{100, 5}, {200, 5}, {380, 6}, {385, 40}}), 2u);
    EXPECT_EQ(find_knee({{100, 5}}), 0u);
    EXPECT_EQ(find_knee({}), std::nullopt);
    EXPECT_EQ(find_knee({{0, 5}, {10, 0}, {not_measured, 1}}), std::nullopt);
}

TEST(Overload, ComparesTheMostThatWasOfferedWithTheKnee) {
    const auto overload = overload_of(sweep());
    ASSERT_TRUE(overload);
    EXPECT_EQ(overload->knee, 400);
    EXPECT_EQ(overload->peak, 380);
    EXPECT_EQ(overload->offered, 1'200);
    EXPECT_NEAR(overload->goodput_share, 375.0 / 380, 1e-9);
    EXPECT_NEAR(overload->first_times_p50, 20.0 / 6, 1e-9);
    EXPECT_NEAR(overload->first_times_p99, 20.0 / 6, 1e-9);
    const auto said = to_sentence(*overload);
    EXPECT_THAT(said, HasSubstr("3.0 × the knee"));
    EXPECT_THAT(said, HasSubstr("98.7 % of the peak"));
    EXPECT_THAT(said, HasSubstr("refusals within 3.0 ms"));
}

TEST(Overload, IsJudgedAtThreeTimesTheKneeAlsoWhereMoreWasOffered) {
    auto further = sweep();
    further.push_back(row("open", 4'000, 100, 90));
    EXPECT_EQ(overload_of(further)->offered, 1'200);
    further = sweep();
    further.pop_back();
    EXPECT_EQ(overload_of(further)->offered, 800);
}

TEST(Overload, ThatWasNotMeasuredIsNotTold) {
    EXPECT_FALSE(overload_of({row("open", 1, 1, 5), row("open", 2, 2, 5)}));
    EXPECT_FALSE(overload_of({row("open", 1, 0, 5), row("open", 2, 0, 5), row("open", 3, 0, 5)}));
}

TEST(Markdown, HasATableForEachLabelWithARowForEachLoad) {
    auto rows = sweep();
    rows.push_back(row("closed", 64, 900, 2));
    rows.back().label = "Saturated";
    const auto text = to_markdown(rows);
    EXPECT_THAT(text, HasSubstr("### Open loop\n"));
    EXPECT_THAT(text, HasSubstr("### Saturated\n"));
    EXPECT_THAT(text, HasSubstr("| 1200/s | journal | 375.0 |"));
    EXPECT_THAT(text, HasSubstr("| 64 in flight | journal | 900.0 |"));
    EXPECT_THAT(text, HasSubstr("**0.25** (0.10 + 0.15)"));
    EXPECT_THAT(text, HasSubstr("800: 0.5 / 3.0"));
    EXPECT_THAT(text, HasSubstr("the knee is at 400 turns/s"));
    EXPECT_THAT(text, Not(HasSubstr("nan")));
    // Each line has as many cells as the head.
    std::size_t cells = 0, at = 0;
    for (std::size_t end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
        const auto line = text.substr(at, end - at);
        if (line.empty() || line[0] != '|') continue;
        const auto bars = static_cast<std::size_t>(std::ranges::count(line, '|'));
        if (cells == 0) cells = bars;
        EXPECT_EQ(bars, cells) << line;
    }
}

TEST(Markdown, IdleIsAShareOfAProcessor) {
    auto idle = row("idle", 0, not_measured, not_measured);
    EXPECT_THAT(to_markdown({idle}), HasSubstr("broker 0.100 %, worker 0.150 % of a core"));
}

TEST(Plots, AreMadeOfSweepsAlone) {
    auto rows = sweep();
    rows.push_back(row("idle", 0, 1, 1));
    for (const double load : {1.0, 64.0, 512.0}) rows.push_back(row("closed", load, load, load));
    const auto plots = plots_of(rows);
    std::vector<std::string> names;
    for (const auto& plot : plots) names.push_back(plot.file);
    EXPECT_THAT(names, testing::ElementsAre("open-loop-journal-latency.svg",
                                            "open-loop-journal-goodput.svg",
                                            "open-loop-journal-closed-latency.svg",
                                            "open-loop-journal-closed-cpu.svg"));
    EXPECT_EQ(plots[0].plot.mark, 400);
    EXPECT_EQ(plots[0].plot.series.size(), 3u);
    EXPECT_TRUE(plots_of({row("open", 1, 1, 1), row("open", 2, 1, 1)}).empty());
}

TEST(Progress, TheBarGrowsFromEmptyToFull) {
    EXPECT_EQ(progress_bar(0).find('#'), std::string::npos);
    EXPECT_EQ(std::ranges::count(progress_bar(0.5), '#'), 12);
    EXPECT_EQ(std::ranges::count(progress_bar(1), '#'), 24);
    EXPECT_EQ(progress_bar(7), progress_bar(1));
    EXPECT_EQ(progress_bar(-1), progress_bar(not_measured));
}

TEST(Progress, TheLineClearsWhatStoodThereAndHasNoEnd) {
    const auto line =
        progress_line({"closed 64", std::chrono::seconds(3), std::chrono::seconds(12), 250, 64, 7});
    EXPECT_TRUE(line.starts_with("\r\x1b[Kclosed 64 [######·"));
    EXPECT_THAT(line, HasSubstr("3 of 12 s, 250 turns, 64 in flight, 7 rejected"));
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_NO_THROW(progress_line({}));
}

TEST(Progress, TheOutcomeIsOneLine) {
    EXPECT_THAT(outcome_line(row("closed", 64, 900, 2)), HasSubstr("closed 64: 900.0 turns/s"));
    EXPECT_THAT(outcome_line(row("idle", 0, 1, 1)), HasSubstr("idle: broker 0.100 %"));
}

}  // namespace
}  // namespace emostage::load
