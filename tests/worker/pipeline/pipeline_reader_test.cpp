#include "worker/pipeline/pipeline_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace emostage::worker {
namespace {

class MemoryPrompts final : public PromptFiles {
public:
    std::map<std::string, std::string> files;

    bool exists(const std::string& path) const override { return files.contains(path); }
    Result<std::string> read(const std::string& path) const override { return files.at(path); }
    std::string shown(const std::string& path) const override { return path; }
    std::vector<std::string> paths() const override {
        std::vector<std::string> out;
        for (const auto& [path, text] : files) out.push_back(path);
        return out;
    }
};

// A small pipeline in English; tests change one thing and see what is said.
class PipelineReaderTest : public testing::Test {
protected:
    PipelineReaderTest() {
        for (const char* name : {"p/system", "p/repair", "p/look", "p/reply"}) prompt(name, "x");
    }

    void prompt(const std::string& name, const std::string& text) {
        prompts.files[name + ".en.mustache"] = text;
    }

    Result<Pipeline> read(const std::string& yaml) {
        const auto root = config::parse_yaml("f.yaml", yaml);
        if (!root) return tl::unexpected<Error>(root.error());
        return read_pipeline("p", *root, prompts);
    }

    std::string refusal(const std::string& yaml) {
        const auto pipeline = read(yaml);
        if (pipeline) return "accepted";
        EXPECT_EQ(pipeline.error().code, Errc::config);
        return pipeline.error().message;
    }

    // The small pipeline, `from` replaced by `to`.
    static std::string with(const std::string& from, const std::string& to) {
        std::string yaml = small;
        const auto at = yaml.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return yaml.replace(at, from.size(), to);
    }

    static constexpr const char* small = R"(about: A test.
languages: [en]
preamble: p/system
repair: p/repair
stages:
  look:
    prompt: p/look
    output:
      mood: {type: label, labels: [good, bad], default: good}
      sure: {type: label, labels: [low, high], default: low}
      note: {type: text, chars_max: 50}
  reply:
    prompt: p/reply
    after: [look]
    streams: true
remember:
  mood: {from: look.mood, initial: good, unless: {sure: low}}
careful: {look.mood: bad}
)";

    MemoryPrompts prompts;
};

TEST_F(PipelineReaderTest, ReadsEveryKey) {
    prompt("p/look", "{{previous.mood}} {{#previous.mood_is.bad}}!{{/previous.mood_is.bad}}");
    prompt("p/reply", "{{#look}}{{mood}}{{note}}{{/look}}{{current.mood_text}}{{help_lines}}");
    const auto pipeline = read(R"(
about: Everything.
languages: [en]
preamble: p/system
repair: p/repair
history: {utterances_max: 12, bytes_max: 4096}
stages:
  reply:
    prompt: p/reply
    after: [look]
    streams: true
    budget_ms: 20000
    max_tokens: 300
    temperature: 0.9
    top_p: 0.5
    stop: ["\n\n", END]
    timeouts: {connect_ms: 500, first_token_ms: 4000, silence_ms: 3000}
  look:
    prompt: p/look
    budget_ms: 1500
    output:
      mood: {type: label, labels: {good: {en: [fine, well]}, bad: }, default: bad}
      sure: {type: label, labels: [low, high], default: low}
      note: {type: text, chars_max: 50, default: nothing}
      level: {type: integer, min: 0, max: 3, default: 1}
      weight: {type: number, min: 0, max: 1, default: 0.5}
      flag: {type: boolean, default: true}
      words: {type: list, items_max: 4, item: {type: text, chars_max: 10}}
      pairs: {type: list, items_max: 2, fields: {a: {type: label, labels: [x, y]}, b: {type: integer, min: 1, max: 2, default: 2}}}
remember:
  mood: {from: look.mood, initial: good, unless: {sure: low}}
careful: {look.mood: bad}
)");
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    EXPECT_EQ(pipeline->about, "Everything.");
    EXPECT_EQ(pipeline->history_utterances_max, 12u);
    EXPECT_EQ(pipeline->history_bytes_max, 4096u);
    ASSERT_EQ(pipeline->stages.size(), 2u);
    EXPECT_EQ(pipeline->stages[0].name, "look") << "what others wait for comes first";
    EXPECT_EQ(pipeline->reply, 1u);
    const Stage& reply = pipeline->stages[1];
    EXPECT_EQ(reply.after, std::vector<std::size_t>{0});
    EXPECT_TRUE(reply.streams);
    EXPECT_FALSE(reply.output.typed());
    EXPECT_EQ(reply.budget, milliseconds(20000));
    EXPECT_EQ(reply.max_tokens, 300);
    EXPECT_DOUBLE_EQ(reply.temperature, 0.9);
    EXPECT_EQ(reply.top_p, 0.5);
    EXPECT_EQ(reply.stop, (std::vector<std::string>{"\n\n", "END"}));
    EXPECT_EQ(reply.timeouts.connect, milliseconds(500));
    EXPECT_EQ(reply.timeouts.first_token, milliseconds(4000));
    EXPECT_EQ(reply.timeouts.silence, milliseconds(3000));
    EXPECT_EQ(reply.timeouts.total, milliseconds(20000));
    const Stage& look = pipeline->stages[0];
    EXPECT_EQ(look.timeouts.first_token, milliseconds(1500)) << "no wait is longer than the budget";
    EXPECT_EQ(default_output(look.output),
              R"({"mood":"bad","sure":"low","note":"nothing","level":1,"weight":0.5,"flag":true,)"
              R"("words":[],"pairs":[]})");
    EXPECT_EQ(read_output(look.output, R"({"mood": "Fine", "pairs": "x"})").result->dump(),
              R"({"mood":"good","sure":"low","note":"nothing","level":1,"weight":0.5,"flag":true,)"
              R"("words":[],"pairs":[{"a":"x","b":2}]})");
    ASSERT_EQ(pipeline->remembered.size(), 1u);
    EXPECT_EQ(pipeline->remembered[0].stage, 0u);
    EXPECT_EQ(pipeline->remembered[0].unless_field, "sure");
    EXPECT_EQ(pipeline->careful->value, "bad");
    EXPECT_EQ(pipeline->repair.at(Language::en), "x");
}

TEST_F(PipelineReaderTest, TheSmallPipelineIsGood) { EXPECT_EQ(refusal(small), "accepted"); }

TEST_F(PipelineReaderTest, RefusesUnknownAndMissingKeys) {
    EXPECT_EQ(refusal(with("preamble:", "preamblr:")),
              "f.yaml:3: unknown key \"preamblr\" in pipeline \"p\"; did you mean \"preamble\"?");
    EXPECT_EQ(refusal(with("    streams: true", "    steams: true")),
              "f.yaml:15: unknown key \"steams\" in stage \"reply\"; did you mean \"streams\"?");
    EXPECT_EQ(
        refusal(with("chars_max: 50", "chars_mx: 50")),
        "f.yaml:11: unknown key \"chars_mx\" in field \"note\" of stage \"look\"; did you mean "
        "\"chars_max\"?");
    EXPECT_EQ(
        refusal(with("type: text, chars_max: 50", "type: boolean, chars_max: 50, default: true")),
        "f.yaml:11: unknown key \"chars_max\" in field \"note\" of stage \"look\"");
    EXPECT_EQ(refusal(with("about: A test.\n", "")),
              "f.yaml:1: pipeline \"p\" needs the key \"about\"");
    EXPECT_EQ(refusal(with("    prompt: p/look\n", "")),
              "f.yaml:7: stage \"look\" needs the key \"prompt\"");
    EXPECT_EQ(refusal(with("repair: p/repair\n", "")),
              "f.yaml:1: pipeline \"p\" needs the key \"repair\": it has stages with \"output\"");
    EXPECT_EQ(refusal(""), "f.yaml:1: pipeline \"p\" needs the key \"about\"");
    EXPECT_EQ(refusal("[]"), "f.yaml:1: pipeline \"p\" must be a map of keys and values");
}

TEST_F(PipelineReaderTest, RefusesWrongTypesAndNumbersOutOfRange) {
    const auto stage = [&](const std::string& line) {
        return refusal(with("    streams: true", "    streams: true\n    " + line));
    };
    EXPECT_EQ(
        stage("budget_ms: 5"),
        "f.yaml:16: \"budget_ms\" of stage \"reply\" must be a whole number from 100 to 300000, "
        "not \"5\"");
    EXPECT_EQ(
        stage("max_tokens: many"),
        "f.yaml:16: \"max_tokens\" of stage \"reply\" must be a whole number from 1 to 16384, not "
        "\"many\"");
    EXPECT_EQ(
        stage("temperature: 3"),
        "f.yaml:16: \"temperature\" of stage \"reply\" must be a number from 0 to 2, not \"3\"");
    EXPECT_EQ(stage("top_p: 0"),
              "f.yaml:16: \"top_p\" of stage \"reply\" must be a number from 0.01 to 1, not \"0\"");
    EXPECT_EQ(stage("stop: END"), "f.yaml:16: \"stop\" of stage \"reply\" must be a list");
    EXPECT_EQ(stage("stop: ['']"), "f.yaml:16: an empty word in \"stop\"");
    EXPECT_EQ(stage("stop: [a, b, c, d, e]"),
              "f.yaml:16: \"stop\" of stage \"reply\" has more than 4 items");
    EXPECT_EQ(
        stage("timeouts: {first_token_ms: 9000}"),
        "f.yaml:16: \"first_token_ms\" of \"timeouts\" of stage \"reply\" must be a whole number "
        "from 50 to 8000, not \"9000\"")
        << "longer than the budget";
    EXPECT_EQ(
        refusal(with("stages:", "history: {utterances_max: 1}\nstages:")),
        "f.yaml:5: \"utterances_max\" of \"history\" of pipeline \"p\" must be a whole number from "
        "2 to 200, not \"1\"");
    EXPECT_EQ(refusal(with("about: A test.", "about: [x]")),
              "f.yaml:1: \"about\" of pipeline \"p\" must be text");
}

TEST_F(PipelineReaderTest, RefusesBadLanguages) {
    EXPECT_EQ(refusal(with("[en]", "[en, fr]")),
              "f.yaml:2: \"fr\" is none of the languages ja, zh, en");
    EXPECT_EQ(refusal(with("[en]", "[en, en]")), "f.yaml:2: the language \"en\" is here twice");
    EXPECT_EQ(refusal(with("[en]", "[]")), "f.yaml:2: \"languages\" is empty");
}

TEST_F(PipelineReaderTest, RefusesAMissingPromptOfALanguage) {
    EXPECT_EQ(refusal(with("[en]", "[en, ja]")),
              "f.yaml:3: there is no \"p/system.ja.mustache\"; did "
              "you mean \"p/system\"?");
    for (const char* name : {"p/system", "p/repair", "p/look"}) {
        prompts.files[std::string(name) + ".ja.mustache"] = "x";
    }
    EXPECT_THAT(refusal(with("[en]", "[en, ja]")),
                testing::StartsWith("f.yaml:13: there is no \"p/reply.ja.mustache\""));
    EXPECT_EQ(refusal(with("p/reply", "p/repli")),
              "f.yaml:13: there is no \"p/repli.en.mustache\"; did you mean \"p/reply\"?");
    EXPECT_THAT(refusal(with("languages: [en]\n", "")),
                testing::StartsWith("f.yaml:2: there is no \"p/system.zh.mustache\""))
        << "all three unless said otherwise";
}

TEST_F(PipelineReaderTest, RefusesPromptsOutsideTheDirectory) {
    for (const char* path :
         {"../p/reply", "p/../reply", "/etc/passwd", "p//reply", "./reply", "p/", "P/reply",
          "p/.hidden", "p\\reply", "'p/re ply'", "-p", "'~/x'", "''"}) {
        const std::string said = refusal(with("p/reply", path));
        EXPECT_NE(
            said.find("f.yaml:13: a prompt is named by its path below the pipelines directory"),
            std::string::npos)
            << path << ": " << said;
    }
}

TEST_F(PipelineReaderTest, RefusesStagesThatAreNotThere) {
    EXPECT_EQ(
        refusal(with("[look]", "[lok]")),
        "f.yaml:14: stage \"reply\" runs after \"lok\", which no stage is named; did you mean "
        "\"look\"?");
    EXPECT_EQ(refusal(with("[look]", "[look, look]")), "f.yaml:14: \"look\" is twice in \"after\"");
    EXPECT_EQ(refusal(with("[look]", "look")),
              "f.yaml:14: \"after\" of stage \"reply\" must be a list");
    EXPECT_THAT(refusal(with("[look]", "[[look]]")),
                testing::StrEq("f.yaml:14: \"after\" is a list of stages' names"));
}

TEST_F(PipelineReaderTest, RefusesDoubledStagesAndBadNames) {
    EXPECT_EQ(refusal(with("  reply:\n", "  look:\n")),
              "f.yaml:12: \"look\" is here twice: first on line 6");
    EXPECT_EQ(refusal(with("  look:\n", "  Look:\n")),
              "f.yaml:6: a stage's name is a word of a-z, 0-9 and _, at most 32");
    EXPECT_EQ(
        refusal(with("  look:\n", "  current:\n")),
        "f.yaml:6: \"current\" is a name of its own in prompts; call the stage something else");
}

TEST_F(PipelineReaderTest, NamesTheCycle) {
    EXPECT_EQ(refusal(with("    prompt: p/look\n", "    prompt: p/look\n    after: [reply]\n")),
              "f.yaml:6: stages wait for each other: look -> reply -> look");
    EXPECT_EQ(refusal(with("    prompt: p/look\n", "    prompt: p/look\n    after: [look]\n")),
              "f.yaml:6: stages wait for each other: look -> look");
}

TEST_F(PipelineReaderTest, WantsExactlyOneStageThatStreams) {
    EXPECT_EQ(refusal(with("    streams: true\n", "    output: {a: {type: text}}\n")),
              "f.yaml:6: no stage streams: one needs \"streams: true\"");
    EXPECT_EQ(refusal(with("  reply:\n", "  other: {prompt: p/reply, streams: true}\n  reply:\n")),
              "f.yaml:13: two stages stream: \"other\" and \"reply\"; exactly one does");
    EXPECT_EQ(refusal(with("    streams: true\n", "")),
              "f.yaml:13: stage \"reply\" needs \"output\" (or \"streams: true\")");
    EXPECT_EQ(
        refusal(with("    streams: true\n", "    streams: true\n    output: {a: {type: text}}\n")),
        "f.yaml:16: stage \"reply\" streams free text: it has no \"output\"");
}

TEST_F(PipelineReaderTest, RefusesAStageThatTheReplyDoesNotWaitFor) {
    EXPECT_EQ(
        refusal(with("    after: [look]\n", "")),
        "f.yaml:6: nothing waits for stage \"look\": the reply \"reply\" does not run after it");
    EXPECT_EQ(
        refusal(with("remember:",
                     "  late: {prompt: p/look, after: [reply], output: {a: {type: "
                     "text}}}\nremember:")),
        "f.yaml:16: nothing waits for stage \"late\": the reply \"reply\" does not run after it");
}

TEST_F(PipelineReaderTest, RefusesTooManyStages) {
    std::string stages = "stages:\n";
    for (int i = 0; i < 17; ++i) {
        stages += "  s" + std::to_string(i) + ": {prompt: p/reply, streams: true}\n";
    }
    EXPECT_EQ(refusal("about: x\npreamble: p/system\n" + stages),
              "f.yaml:4: pipeline \"p\" has more than 16 stages");
}

TEST_F(PipelineReaderTest, RefusesBadFields) {
    const auto note = [&](const std::string& to) {
        return refusal(with("note: {type: text, chars_max: 50}", to));
    };
    EXPECT_EQ(note("note: {type: txt}"),
              "f.yaml:11: \"type\" of field \"note\" of stage \"look\" must be one of text, label, "
              "integer, number, boolean, list, not \"txt\"; did you mean \"text\"?");
    EXPECT_EQ(note("note: {chars_max: 5}"),
              "f.yaml:11: field \"note\" of stage \"look\" needs the key \"type\"");
    EXPECT_EQ(
        note("note: {type: text, chars_max: 2001}"),
        "f.yaml:11: \"chars_max\" of field \"note\" of stage \"look\" must be a whole number from "
        "1 to 2000, not \"2001\"");
    EXPECT_THAT(note("Note: {type: text}"),
                testing::StartsWith("f.yaml:11: a field's name is a word"));
    EXPECT_THAT(note("note_is: {type: text}"),
                testing::StartsWith("f.yaml:11: a field's name is a word"));
    EXPECT_EQ(note("note: {type: label, labels: [a, b]}"),
              "f.yaml:11: field \"note\" of stage \"look\" needs the key \"default\"");
    EXPECT_EQ(note("note: {type: label, labels: [good, bad], default: god}"),
              "f.yaml:11: the default \"god\" is none of the labels; did you mean \"good\"?");
    EXPECT_EQ(note("note: {type: label, labels: [a], default: a}"),
              "f.yaml:11: \"labels\" must be 2 to 64 words");
    EXPECT_EQ(note("note: {type: label, labels: [a_b, ab], default: ab}"),
              "f.yaml:11: \"ab\" also means the label \"a_b\"");
    EXPECT_EQ(note("note: {type: label, labels: [a, a], default: a}"),
              "f.yaml:11: \"a\" also means the label \"a\"");
    EXPECT_EQ(note("note: {type: label, labels: {a: {en: Good}, b: {en: good}}, default: a}"),
              "f.yaml:11: \"good\" also means the label \"a\"");
    EXPECT_EQ(note("note: {type: label, labels: {a: {en: '!'}, b: }, default: a}"),
              "f.yaml:11: \"!\" has no letters");
    EXPECT_EQ(note("note: {type: label, labels: {a: {eng: x}, b: }, default: a}"),
              "f.yaml:11: unknown key \"eng\" in label \"a\"; did you mean \"en\"?");
    EXPECT_EQ(note("note: {type: label, labels: [A, b], default: b}"),
              "f.yaml:11: a label is a word of a-z, 0-9 and _, at most 32");
    EXPECT_EQ(note("note: {type: integer, min: 3, max: 1, default: 2}"),
              "f.yaml:11: \"min\" is above \"max\"");
    EXPECT_EQ(
        note("note: {type: integer, min: 1, max: 3, default: 4}"),
        "f.yaml:11: \"default\" of field \"note\" of stage \"look\" must be a whole number from 1 "
        "to 3, not \"4\"");
    EXPECT_EQ(note("note: {type: integer, max: 3, default: 2}"),
              "f.yaml:11: field \"note\" of stage \"look\" needs the key \"min\"");
    EXPECT_EQ(note("note: {type: boolean}"),
              "f.yaml:11: field \"note\" of stage \"look\" needs the key \"default\"");
    EXPECT_EQ(note("note: {type: list, items_max: 3}"),
              "f.yaml:11: a list needs \"item\" or \"fields\"");
    EXPECT_EQ(
        note("note: {type: list, items_max: 3, item: {type: text}, fields: {a: {type: text}}}"),
        "f.yaml:11: a list has \"item\" or \"fields\", not both");
    EXPECT_EQ(
        note("note: {type: list, items_max: 99, item: {type: text}}"),
        "f.yaml:11: \"items_max\" of field \"note\" of stage \"look\" must be a whole number from "
        "1 to 16, not \"99\"");
    EXPECT_EQ(note("note: {type: list, items_max: 3, item: {type: list, items_max: 3, item: {type: "
                   "text}}}"),
              "f.yaml:11: a list in a list");
    EXPECT_THAT(note("note: {type: list, items_max: 16, item: {type: text, chars_max: 2000}}"),
                testing::StartsWith("f.yaml:9: a result of stage \"look\" could have 12841"));
    EXPECT_THAT(refusal(with("output:", "output: {}\n    x:")),
                testing::StartsWith("f.yaml:9: unknown key \"x\" in sta"));
}

TEST_F(PipelineReaderTest, RefusesWhatCannotBeRemembered) {
    EXPECT_EQ(refusal(with("from: look.mood", "from: look.mod")),
              "f.yaml:17: \"look.mod\" is no label or text of a stage (stage.field); did you mean "
              "\"look.mood\"?");
    EXPECT_EQ(refusal(with("initial: good", "initial: goood")),
              "f.yaml:17: \"goood\" is no label of \"mood\"; did you mean \"good\"?");
    EXPECT_EQ(refusal(with("initial: good, ", "")), "f.yaml:17: \"\" is no label of \"mood\"");
    EXPECT_EQ(refusal(with("{sure: low}", "{sur: low}")),
              "f.yaml:17: \"look.sur\" is no label of a stage (stage.field); did you mean "
              "\"look.sure\"?");
    EXPECT_EQ(refusal(with("{sure: low}", "{sure: lo}")),
              "f.yaml:17: \"lo\" is no label of \"sure\"; did you mean \"low\"?");
    EXPECT_EQ(refusal(with("{sure: low}", "low")),
              "f.yaml:17: \"unless\" must be one field and its label");
    EXPECT_EQ(refusal(with("  mood: {from", "  Mood: {from")),
              "f.yaml:17: a remembered name is a word of a-z, 0-9 and _, at most 32");
    EXPECT_EQ(refusal(with("careful: {look.mood: bad}", "careful: {look.mod: bad}")),
              "f.yaml:18: \"look.mod\" is no label of a stage (stage.field); did you mean "
              "\"look.mood\"?");
    EXPECT_EQ(refusal(with("careful: {look.mood: bad}", "careful: {look.mood: dad}")),
              "f.yaml:18: \"dad\" is no label of \"mood\"; did you mean \"bad\"?");
    EXPECT_EQ(refusal(with("careful: {look.mood: bad}", "careful: bad")),
              "f.yaml:18: \"careful\" must be one stage.field and its label");
    std::string yaml = with("chars_max: 50", "chars_max: 1200");
    yaml.replace(yaml.find("careful:"), 0, "  note: {from: look.note}\n");
    EXPECT_EQ(refusal(yaml),
              "f.yaml:18: sessions could remember more than 4096 bytes: lower chars_max");
}

TEST_F(PipelineReaderTest, RefusesNamesThatNoValueProvides) {
    const auto reply = [&](const std::string& text) {
        prompt("p/reply", text);
        return refusal(small);
    };
    EXPECT_EQ(reply("a\n{{look.mod}}"),
              "p/reply.en.mustache:2: stage \"reply\" of pipeline \"p\" has no value named "
              "\"look.mod\"; did you mean \"look.mood\"?");
    EXPECT_EQ(reply("{{#look}}\n{{notes}}{{/look}}"),
              "p/reply.en.mustache:2: stage \"reply\" of pipeline \"p\" has no value named "
              "\"notes\"; did "
              "you mean \"note\"?");
    EXPECT_EQ(reply("{{#look}}{{#mood_is.god}}x{{/mood_is.god}}{{/look}}"),
              "p/reply.en.mustache:1: stage \"reply\" of pipeline \"p\" has no value named "
              "\"mood_is.god\"; did you mean \"mood_is.good\"?");
    EXPECT_EQ(
        reply("{{^lok}}x{{/lok}}"),
        "p/reply.en.mustache:1: stage \"reply\" of pipeline \"p\" has no value named \"lok\"; did "
        "you mean \"look\"?");
    EXPECT_THAT(reply("{{#look.mood}}{{.}}{{/look.mood}}"),
                testing::StartsWith("p/reply.en.mustache:1: stage \"reply\" of pipeline "));
    EXPECT_THAT(reply("{{^look}}{{mood}}{{/look}}"),
                testing::StartsWith("p/reply.en.mustache:1: s"))
        << "an inverted section opens no scope";
    EXPECT_THAT(reply("{{mood}}"), testing::StartsWith("p/reply.en.mustache:1: s"))
        << "out of its section";
    EXPECT_EQ(reply("{{previous.mood}}{{current.mood_is.bad}}{{careful}}{{look.sure_text}}"),
              "accepted");
}

TEST_F(PipelineReaderTest, RefusesAResultThatIsNotReady) {
    prompt("p/look", "x\n{{#reply}}{{/reply}}");
    EXPECT_EQ(refusal(small),
              "p/look.en.mustache:2: stage \"look\" of pipeline \"p\" cannot use "
              "\"reply\": the stage does not run after it");
    prompt("p/look", "{{look.mood}}");
    EXPECT_EQ(refusal(small),
              "p/look.en.mustache:1: stage \"look\" of pipeline \"p\" cannot use "
              "\"look.mood\": the stage does not run after it");
}

TEST_F(PipelineReaderTest, ThePreambleSeesOnlyWhatIsTheSameInEachTurn) {
    prompt("p/system", "{{language}}{{previous.mood}}");
    EXPECT_EQ(refusal(small),
              "p/system.en.mustache:1: the preamble of pipeline \"p\" has no value "
              "named \"previous.mood\"");
    prompt("p/system", "{{langage}}");
    EXPECT_EQ(refusal(small),
              "p/system.en.mustache:1: the preamble of pipeline \"p\" has no value "
              "named \"langage\"; did you mean \"language\"?");
    prompt("p/system", "x");
    prompt("p/repair", "{{language}}");
    EXPECT_EQ(refusal(small),
              "p/repair.en.mustache:1: the repair of pipeline \"p\" has no value "
              "named \"language\"");
}

TEST_F(PipelineReaderTest, SharedPromptsMayNameStagesThatAreDeclaredAbsent) {
    prompt("p/reply",
           "{{#other}}{{any.thing}}{{/other}}{{#current.other_is.x}}y{{/current.other_is.x}}");
    EXPECT_NE(refusal(small), "accepted");
    EXPECT_EQ(refusal(with("stages:", "absent: [other]\nstages:")), "accepted");
    EXPECT_EQ(refusal(with("stages:", "absent: [look]\nstages:")),
              "f.yaml:5: \"look\" is \"absent\" but pipeline \"p\" has it");
    EXPECT_EQ(refusal(with("stages:", "absent: [careful]\nstages:")),
              "f.yaml:5: \"careful\" is always there");
    EXPECT_EQ(refusal(with("stages:", "absent: [A]\nstages:")),
              "f.yaml:5: \"A\" is no name of a stage or value");
}

TEST_F(PipelineReaderTest, ABrokenPromptNamesItsOwnFile) {
    prompt("p/look", "ok\n{{#a}}");
    EXPECT_EQ(refusal(small), "p/look.en.mustache:2: the section \"a\" is not closed");
}

TEST_F(PipelineReaderTest, SurvivesEveryCutOfAFile) {
    const std::string yaml = small;
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < yaml.size(); ++size) accepted += !!read(yaml.substr(0, size));
    EXPECT_LT(accepted, 80u) << "only cuts behind the reply stage make a whole pipeline";
}

}  // namespace
}  // namespace emostage::worker
