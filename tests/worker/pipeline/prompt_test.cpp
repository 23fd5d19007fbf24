#include "worker/pipeline/prompt.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

std::string rendered(const std::string& text, const Json& values) {
    const auto prompt = Prompt::compile("p.mustache", text);
    EXPECT_TRUE(prompt) << prompt.error().message;
    return prompt ? prompt->render(values) : "";
}

std::string refusal(const std::string& text) {
    const auto prompt = Prompt::compile("p.mustache", text);
    return prompt ? "accepted" : prompt.error().message;
}

TEST(Prompt, PutsValuesInWithoutEscaping) {
    EXPECT_EQ(rendered("{{a}} & {{b.c}}", {{"a", "<\"'&>"}, {"b", {{"c", 3}}}}), "<\"'&> & 3");
}

TEST(Prompt, NeverRendersAValueAgain) {
    const Json values = {{"a", "{{b}} {{#b}}x{{/b}} {{>b}} {{=<% %>=}}"}, {"b", "secret"}};
    EXPECT_EQ(rendered("{{a}}{{b}}", values), "{{b}} {{#b}}x{{/b}} {{>b}} {{=<% %>=}}secret");
}

TEST(Prompt, TakesEmptyValuesAsAbsentInSections) {
    const std::string text = "{{#a}}yes{{/a}}{{^a}}no{{/a}}";
    for (const Json& empty :
         {Json(""), Json(nullptr), Json(false), Json::array(), Json::object()}) {
        EXPECT_EQ(rendered(text, {{"a", empty}}), "no") << empty;
    }
    for (const Json& full : {Json("x"), Json(true), Json(0), Json{{"k", 1}}}) {
        EXPECT_EQ(rendered(text, {{"a", full}}), "yes") << full;
    }
    EXPECT_EQ(rendered(text, Json::object()), "no");
}

TEST(Prompt, RepeatsASectionForEachItem) {
    EXPECT_EQ(rendered("{{#a}}\n- {{.}}\n{{/a}}\n", {{"a", {"x", "y"}}}), "- x\n- y");
    EXPECT_EQ(rendered("{{#a}}{{n}};{{/a}}", {{"a", {{{"n", 1}}, {{"n", 2}}}}}), "1;2;");
}

TEST(Prompt, ALineWithASectionsTagAloneLeavesNoLine) {
    const std::string text = "one\n{{#a}}\n- a\n{{/a}}\n  {{#b}}  \n- b\n{{/b}}\n{{! why }}\ntwo\n";
    EXPECT_EQ(rendered(text, {{"a", true}, {"b", true}}), "one\n- a\n- b\ntwo");
    EXPECT_EQ(rendered(text, {{"a", true}}), "one\n- a\ntwo");
    EXPECT_EQ(rendered(text, {{"b", true}}), "one\n- b\ntwo");
    EXPECT_EQ(rendered(text, Json::object()), "one\ntwo");
}

TEST(Prompt, KeepsOneEmptyLineBetweenParagraphs) {
    const std::string text = "one\n\n{{#a}}\nA\n{{/a}}\n\n{{#b}}\nB\n{{/b}}\n\ntwo\n\n";
    EXPECT_EQ(rendered(text, {{"a", true}, {"b", true}}), "one\n\nA\n\nB\n\ntwo");
    EXPECT_EQ(rendered(text, {{"b", true}}), "one\n\nB\n\ntwo");
    EXPECT_EQ(rendered(text, Json::object()), "one\n\ntwo");
}

TEST(Prompt, CutsWhatIsRenderedAtItsLimit) {
    std::string long_value;
    while (long_value.size() < prompt_bytes_max + 100) long_value += "あ";
    const std::string out = rendered("{{a}}\n{{a}}\n", {{"a", long_value}});
    EXPECT_LE(out.size(), prompt_bytes_max);
    EXPECT_GT(out.size(), prompt_bytes_max - 3);
    EXPECT_EQ(out.substr(out.size() - 3), "あ");
}

TEST(Prompt, WritesNoObjectNoListAndNoBoolean) {
    EXPECT_EQ(rendered("{{a}}{{b}}{{c}}{{d}}ok",
                       {{"a", {{"b", "x"}}}, {"b", {"x"}}, {"c", true}, {"d", nullptr}}),
              "ok");
}

TEST(Prompt, LooksANameUpInTheInnermostSectionThatHasIt) {
    const Json values = {{"n", "out"}, {"m", "far"}, {"a", {{"n", "in"}, {"b", {{"k", ""}}}}}};
    EXPECT_EQ(rendered("{{#a}}{{n}} {{m}} {{#b}}{{n}}{{^k}}!{{/k}}{{/b}}{{/a}}", values),
              "in far in!");
    EXPECT_EQ(rendered("{{#a}}{{n.x}}{{m.x}}{{b.x}}{{/a}}", values), "");
    EXPECT_EQ(rendered("{{#a}}{{#b}}{{^n}}no{{/n}}{{/b}}{{^m}}no{{/m}}{{/a}}", values), "");
}

TEST(Prompt, KeepsALineThatHasMoreThanATag) {
    const std::string text = "{{#a}}x{{/a}}\n{{#a}} {{/a}}\r\n{{a}}\r\ny";
    EXPECT_EQ(rendered(text, {{"a", "1\r\n2"}}), "x\n \n1\n2\ny");
}

TEST(Prompt, NamesTheLineOfAMistake) {
    EXPECT_EQ(refusal("a\n{{b"), "p.mustache:2: a tag is not closed by }}");
    EXPECT_EQ(refusal("a\n\n{{#b}}\nc"), "p.mustache:3: the section \"b\" is not closed");
    EXPECT_EQ(refusal("{{/b}}"), "p.mustache:1: the section \"b\" is closed but was not opened");
    EXPECT_EQ(refusal("{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}"),
              "p.mustache:3: the section \"a\" is closed, but \"b\" of line 2 is open");
    EXPECT_EQ(refusal("{{#a}}\n{{#a}}{{/a}}{{/a}}"),
              "p.mustache:2: the section \"a\" is inside itself, opened on line 1");
    EXPECT_EQ(refusal("{{}}"), "p.mustache:1: an empty tag");
}

TEST(Prompt, RefusesWhatCouldRenderValuesOrHideNames) {
    EXPECT_EQ(refusal("{{> part}}"), "p.mustache:1: partials are not allowed");
    EXPECT_EQ(refusal("{{=<% %>=}}"), "p.mustache:1: other delimiters are not allowed");
    EXPECT_EQ(refusal("{{{a}}}"), "p.mustache:1: nothing is escaped: write {{name}}");
    EXPECT_EQ(refusal("{{&a}}"), "p.mustache:1: nothing is escaped: write {{name}}");
    for (const char* name : {"{{A}}", "{{a b}}", "{{a..b}}", "{{.a}}", "{{a.}}", "{{1}}", "{{#}}",
                             "{{あ}}", "{{a\nb}}"}) {
        EXPECT_EQ(refusal(name),
                  "p.mustache:1: a name is made of a-z, 0-9 and _, its parts joined by dots")
            << name;
    }
}

TEST(Prompt, RefusesLargeFilesAndDeepSections) {
    EXPECT_EQ(refusal(std::string(prompt_file_bytes_max + 1, 'x')),
              "p.mustache: larger than 32768 bytes");
    std::string deep;
    for (char c = 'a'; c <= 'g'; ++c) deep += std::string("{{#") + c + "}}";
    EXPECT_EQ(refusal(deep), "p.mustache:1: sections are nested deeper than 6");
}

TEST(Prompt, ListsItsNamesWithTheSectionsAroundThem) {
    const auto prompt = Prompt::compile("p", "{{a}}\n{{#b.c}}{{d}}{{^e}}{{f}}{{/e}}{{/b.c}}");
    ASSERT_TRUE(prompt);
    const auto& names = prompt->references();
    ASSERT_EQ(names.size(), 5u);
    EXPECT_EQ(names[0].name, "a");
    EXPECT_EQ(names[0].line, 1);
    EXPECT_EQ(names[2].name, "d");
    EXPECT_EQ(names[2].inside, std::vector<std::string>{"b.c"});
    EXPECT_EQ(names[4].name, "f");
    EXPECT_EQ(names[4].inside, std::vector<std::string>{"b.c"}) << "^e opens no scope";
    EXPECT_EQ(names[4].line, 2);
}

TEST(Prompt, IsRenderedByManyThreadsAtOnce) {
    const auto prompt = Prompt::compile("p", "{{#a}}\n{{.}},\n{{/a}}\n{{b}}");
    ASSERT_TRUE(prompt);
    std::vector<std::string> out(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < out.size(); ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 200; ++round) {
                out[i] = prompt->render({{"a", {"x", "y"}}, {"b", std::to_string(i)}});
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], "x,\ny,\n" + std::to_string(i));
}

}  // namespace
}  // namespace emostage::worker
