#include "gateway/chat/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/chat/stage_lines.hpp"
#include "tests/gateway/chat/terminal.hpp"
#include "tests/gateway/client/script.hpp"

namespace emostage::chat {
namespace {

using gateway::test::completed;
using gateway::test::event;
using test::Terminal;
using testing::HasSubstr;
using testing::Not;

wire::Stage stage(const std::string& name, const nlohmann::json& result) {
    wire::Stage body{name, wire::StageStatus::done, {}, 5};
    const auto bytes = nlohmann::json::to_msgpack(result);
    body.result.bytes.assign(bytes.begin(), bytes.end());
    return body;
}

const nlohmann::json perspective = {
    {"state", "I feel alone with it."},
    {"emotions",
     {{{"name", "anxiety"}, {"strength", 2}}, {{"name", "loneliness"}, {"strength", 1}}}},
    {"needs", {"heard", "comfort"}},
    {"risk", "none"}};

constexpr Screen capable{
    .terminal = true, .erases = true, .colours = true, .columns = 20, .rows = 10};
constexpr Screen dumb{
    .terminal = true, .erases = false, .colours = false, .columns = 20, .rows = 10};
constexpr Screen pipe{};

std::string say(View& view, std::vector<wire::EventBody> bodies) {
    std::string out;
    for (auto& body : bodies) out += view.on(event(1, std::move(body)));
    return out;
}

// Begins a turn first.
std::string turn(View& view, std::vector<wire::EventBody> bodies) {
    std::string out = view.begin_turn();
    out += say(view, std::move(bodies));
    return out;
}

std::string on_screen(const Screen& screen, const std::string& bytes) {
    Terminal terminal(screen.columns, screen.rows);
    terminal.feed(bytes);
    return terminal.text();
}

TEST(View, StagesAreShownInWordsAndTheReplyBelowThem) {
    View view(Tongue::en, {.terminal = true, .erases = true, .colours = true, .columns = 80});
    const auto bytes =
        turn(view, {wire::Accepted{0}, wire::Started{"w"}, stage("perspective", perspective),
                    stage("phase", {{"phase", "exploring"}, {"confidence", "high"}}),
                    wire::Delta{"That sounds "}, wire::Delta{"hard."}, completed("")});
    EXPECT_EQ(on_screen({.columns = 80}, bytes),
              "  feelings: anxiety ●●○, loneliness ●○○\n"
              "  needs: to be heard, comfort\n"
              "  phase: exploring\n"
              "That sounds hard.");
}

TEST(View, TheWordsAreOfTheChosenLanguage) {
    EXPECT_THAT(stage_lines(Tongue::ja, stage("perspective", perspective)).lines,
                testing::ElementsAre("気持ち: 不安 ●●○、孤独 ●○○",
                                     "求めているもの: 聞いてもらうこと、慰め"));
    EXPECT_THAT(stage_lines(Tongue::zh, stage("phase", {{"phase", "understanding"}})).lines,
                testing::ElementsAre("阶段: 看清"));
    EXPECT_EQ(tongue_of("ja_JP.UTF-8"), Tongue::ja);
    EXPECT_EQ(tongue_of("zh-Hant-TW"), Tongue::zh);
    EXPECT_EQ(tongue_of("C.UTF-8"), Tongue::en);
    EXPECT_EQ(tongue_of("jam"), Tongue::en);
    EXPECT_EQ(tongue_of(""), Tongue::en);
}

TEST(View, EveryLabelOfTheShippedPipelineHasWords) {
    for (const auto tongue : {Tongue::ja, Tongue::zh}) {
        for (const auto* name :
             {"sadness",      "grief",        "loneliness", "hurt",      "anxiety",
              "fear",         "overwhelm",    "exhaustion", "anger",     "frustration",
              "envy",         "shame",        "guilt",      "regret",    "disappointment",
              "helplessness", "hopelessness", "emptiness",  "confusion", "relief",
              "hope",         "gratitude",    "joy",        "calm"}) {
            const auto found = stage_lines(
                tongue, stage("perspective", {{"emotions", {{{"name", name}, {"strength", 1}}}}}));
            ASSERT_EQ(found.lines.size(), 1u);
            EXPECT_THAT(found.lines[0], Not(HasSubstr(name)));
        }
    }
}

TEST(View, UnknownLabelsAndFieldsAreShownAsTheyAreButClean) {
    const auto found = stage_lines(
        Tongue::ja,
        stage("perspective", {{"emotions", {{{"name", "wist\x1b[31mful\n"}, {"strength", 9}}}}}));
    EXPECT_EQ(found.lines.at(0), "気持ち: wist[31mful  ●●●");
    const auto other = stage_lines(
        Tongue::en,
        stage("strategy", {{"move", std::string(300, 'a')}, {"weight", 3}, {"list", {"x", 1}}}));
    ASSERT_EQ(other.lines.size(), 3u);
    EXPECT_EQ(other.lines[0], "list: x, 1");
    EXPECT_LT(other.lines[1].size(), 100u);
    EXPECT_EQ(other.lines[2], "weight: 3");
}

TEST(View, ResultsOfTheWrongShapeDoNoHarm) {
    for (const auto& result :
         std::vector<nlohmann::json>{nlohmann::json::object(),
                                     {{"emotions", 3}},
                                     {{"emotions", {1, nullptr, {{"name", 2}}}}},
                                     {{"emotions", {{{"name", "joy"}, {"strength", "3"}}}},
                                      {"needs", {{"x", 1}}},
                                      {"risk", 5}}}) {
        EXPECT_LE(stage_lines(Tongue::en, stage("perspective", result)).lines.size(), 2u);
    }
    wire::Stage broken{"phase", wire::StageStatus::done, {"\xc1"}, 0};
    EXPECT_TRUE(stage_lines(Tongue::en, broken).lines.empty());
    auto many = nlohmann::json::object();
    for (int i = 0; i < 100; ++i) many["k" + std::to_string(i)] = i;
    EXPECT_EQ(stage_lines(Tongue::en, stage("x", many)).lines.size(), stage_lines_max);
}

TEST(View, ADangerIsAnsweredWithWhereToTurn) {
    View view(Tongue::en, pipe);
    auto alert = perspective;
    alert["risk"] = "alert";
    EXPECT_THAT(say(view, {stage("perspective", alert)}), HasSubstr("emergency number"));
    EXPECT_EQ(stage_lines(Tongue::en, stage("perspective", perspective)).warning, "");
}

TEST(View, AStageThatFailedOrWasLateIsNamed) {
    View view(Tongue::en, pipe);
    EXPECT_EQ(say(view, {wire::Stage{"phase", wire::StageStatus::skipped, {}, 0}}),
              "  not ready in time: the phase\n");
    EXPECT_EQ(say(view, {wire::Stage{"perspective", wire::StageStatus::failed, {}, 0}}),
              "  could not be read: feelings and needs\n");
}

TEST(View, OnACapableTerminalAResetLeavesNothingOfTheFirstReply) {
    const std::vector<std::string> firsts = {
        "x",
        "exactly twenty chars",
        "exactly twenty chars and one line more than that",
        "それは、とてもつらかったですね。よく話してくださいました。",
        "two\nlines and a third that wraps around the edge",
        "ends with a break\n",
        "a それは1つ幅のずれた行になりますので折り返します"};
    for (const auto& first : firsts) {
        SCOPED_TRACE(first);
        View view(Tongue::en, capable), fresh(Tongue::en, capable);
        const wire::EventBody before = stage("phase", {{"phase", "acting"}});
        const auto with_reset = turn(view, {before, wire::Delta{first}, wire::Reset{"worker_lost"},
                                            wire::Delta{"Anew."}, completed("")});
        const auto without = turn(fresh, {before, wire::Delta{"Anew."}, completed("")});
        EXPECT_EQ(on_screen(capable, without), "  phase: acting\nAnew.");
        EXPECT_EQ(on_screen(capable, with_reset), on_screen(capable, without));
    }
}

TEST(View, AReplyTooTallToEraseIsAnsweredWithALine) {
    View view(Tongue::en, capable);
    const auto bytes =
        turn(view, {wire::Delta{std::string(20 * 10, 'x')}, wire::Reset{""}, wire::Delta{"Anew."}});
    EXPECT_THAT(bytes, HasSubstr("The reply starts again."));
    EXPECT_THAT(bytes, Not(HasSubstr("\x1b[J")));
}

TEST(View, AReplyTooLongToKeepIsAnsweredWithALine) {
    View view(Tongue::en, {.terminal = true, .erases = true, .columns = 100'000, .rows = 50});
    std::string bytes = view.begin_turn();
    for (int i = 0; i < 3; ++i) {
        bytes += say(view, {wire::Delta{std::string(View::erasable_bytes_max / 2, 'x')}});
    }
    EXPECT_THAT(say(view, {wire::Reset{""}}), HasSubstr("starts again"));
}

TEST(View, OnADumbTerminalAndInAPipeAResetIsALineAndNothingIsEscaped) {
    for (const auto& screen : {dumb, pipe}) {
        View view(Tongue::en, screen);
        const auto bytes = turn(view, {stage("phase", {{"phase", "acting"}}), wire::Delta{"Half a"},
                                       wire::Reset{""}, wire::Delta{"Anew."}, completed("")});
        EXPECT_EQ(bytes, std::string(screen.terminal ? "…\n" : "") +
                             "  phase: acting\nHalf a\n  The reply starts again.\nAnew.\n");
    }
}

TEST(View, AResetBeforeAnyTextIsNotWorthALine) {
    View view(Tongue::en, pipe);
    EXPECT_EQ(say(view, {wire::Reset{"broker_changed"}, wire::Delta{"a"}, wire::Reset{""},
                         wire::Reset{""}, wire::Delta{"b"}, completed("")}),
              "a\n  The reply starts again.\nb\n");
}

TEST(View, AResetThatBringsTheStagesAgainIsSaidEvenBeforeTheReply) {
    const wire::EventBody acting = stage("phase", {{"phase", "acting"}});
    for (const auto& screen : {capable, pipe}) {
        View view(Tongue::en, screen);
        auto bytes = turn(view, {acting});
        bytes += view.on(event(0, wire::Reset{"broker_changed"}));
        bytes += view.on(event(0, wire::Reset{"broker_changed"}));
        bytes +=
            say(view, {acting, wire::Reset{"worker_lost"}, wire::Delta{"Anew."}, completed("")});
        EXPECT_EQ(on_screen({.columns = 80, .rows = 24}, bytes),
                  "  phase: acting\n  The reply starts again.\n  phase: acting\nAnew.");
    }
}

TEST(View, WhatTheModelSaysCannotSteerTheTerminal) {
    View view(Tongue::en, dumb);
    const auto bytes =
        say(view, {wire::Delta{"a\x1b]0;title\x07"}, wire::Delta{"b\x1b"}, wire::Delta{"[2Jc"},
                   wire::Delta{"\xc2\x9b"
                               "31m\x7f\r\b"},
                   wire::Delta{"\xe2\x80\xae"
                               "d"}});
    EXPECT_EQ(bytes, "a]0;titleb[2Jc31md");
}

TEST(View, NoColoursStillErases) {
    View view(Tongue::en, {.terminal = true, .erases = true, .colours = false});
    const auto bytes = view.prompt() + turn(view, {stage("phase", {{"phase", "acting"}}),
                                                   wire::Delta{"a"}, wire::Reset{""}});
    EXPECT_EQ(bytes.find("\x1b[2m"), std::string::npos);
    EXPECT_EQ(bytes.find("\x1b[0m"), std::string::npos);
    EXPECT_THAT(bytes, HasSubstr("\x1b[J"));
}

TEST(View, EveryWayToEndIsSaidInPlainWords) {
    View view(Tongue::en, pipe);
    EXPECT_EQ(say(view, {wire::Delta{"Half"}, wire::Failed{Errc::model_cut, "x", true}}),
              "Half\n  The reply above is not complete.\n"
              "  The language model did not answer as it should. Please try again. [model_cut]\n");
    EXPECT_EQ(say(view, {wire::Rejected{Errc::overloaded, "x", 1200}}),
              "  There is too much to do just now. Please try again in 2 s. [overloaded]\n");
    EXPECT_EQ(say(view, {wire::Rejected{Errc::unknown_pipeline, "x", {}}}),
              "  No worker offers this pipeline. [unknown_pipeline]\n");
    EXPECT_EQ(say(view, {wire::Delta{"Half"}, wire::Cancelled{"requested"}}), "Half\n  Stopped.\n");
    EXPECT_THAT(say(view, {wire::Cancelled{"interrupted"}}), HasSubstr("newer one"));
    auto degraded = completed("");
    degraded.degraded = {"perspective", "phase.confidence", "phase"};
    degraded.finish_reason = "length";
    EXPECT_EQ(say(view, {wire::Delta{"All"}, degraded}),
              "All\n  The reply was cut: it had become too long.\n"
              "  Written without: feelings and needs, the phase\n");
}

TEST(View, EveryCodeHasASentenceInEveryLanguage) {
    for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
        for (const auto tongue : {Tongue::en, Tongue::ja, Tongue::zh}) {
            const auto sentence = failure(tongue, static_cast<Errc>(code), 0);
            EXPECT_GT(sentence.size(), 20u);
            EXPECT_THAT(sentence,
                        HasSubstr("[" + std::string(name(static_cast<Errc>(code))) + "]"));
        }
    }
}

TEST(View, AStageThatComesWhileTheReplyStreamsIsShownBelowIt) {
    View view(Tongue::en, pipe);
    EXPECT_EQ(say(view, {wire::Delta{"Hel"}, stage("phase", {{"phase", "acting"}}),
                         wire::Delta{"lo"}, completed("")}),
              "Hello\n  phase: acting\n");
}

TEST(View, ANoteBreaksTheReplyAndTheReplyIsThenNotErased) {
    View view(Tongue::en, capable);
    auto bytes = turn(view, {wire::Delta{"Hel"}});
    bytes += view.note("one\ntwo");
    bytes += say(view, {wire::Delta{"lo"}, wire::Reset{""}, wire::Delta{"Anew"}, completed("")});
    EXPECT_EQ(on_screen({.columns = 80, .rows = 24}, bytes),
              "Hel\n  one\n  two\nlo\n  The reply starts again.\nAnew");
}

}  // namespace
}  // namespace emostage::chat
