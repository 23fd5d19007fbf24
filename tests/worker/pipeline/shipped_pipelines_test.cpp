#include "tests/worker/pipeline/shipped_pipelines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <set>

#include "worker/pipeline/prompt_values.hpp"

namespace emostage::worker {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const phases[] = {"opening", "exploring", "understanding", "acting", "closing"};

TypedOutput perspective(const std::string& risk = "none") {
    auto output =
        read_output(output_of("perspective"),
                    R"({"state":"I feel QUITE_SAD.","emotions":[{"name":"grief","strength":3},)"
                    R"({"name":"hope","strength":1}],"needs":["comfort","way_forward"],"risk":")" +
                        risk + "\"}");
    EXPECT_TRUE(output.valid()) << output.complaint;
    return output;
}

TypedOutput phase(const std::string& name) {
    return read_output(output_of("phase"), R"({"phase":")" + name + R"(","confidence":"high"})");
}

struct Turn {
    std::string pipeline = "emostage";
    Language language = Language::en;
    bool other_language = false;
    std::string help_lines = "";
    bool with_perspective = false;
    std::string risk = "none";
    std::string phase = "";  // empty: no result
    SessionState state = {};
};

std::string instruction(const Turn& turn, const std::string& stage) {
    const Pipeline& pipeline = shipped(turn.pipeline);
    StageResults results;
    for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
        const std::string& name = pipeline.stages[i].name;
        if (name == "perspective" && turn.with_perspective) results[i] = perspective(turn.risk);
        if (name == "phase" && !turn.phase.empty()) results[i] = phase(turn.phase);
    }
    const SessionState state = turn.state.empty() ? initial_state(pipeline) : turn.state;
    const auto& prompt =
        pipeline.stages[stage_named(pipeline, stage)].instruction.at(turn.language);
    return prompt.render(prompt_values(pipeline, results, state,
                                       {turn.language, turn.other_language, turn.help_lines}));
}

std::string reply(const Turn& turn) { return instruction(turn, "response"); }

// What every rendered prompt promises.
void expect_clean(const std::string& text) {
    EXPECT_TRUE(simdjson::validate_utf8(text));
    EXPECT_GT(text.size(), 200u);
    EXPECT_LT(text.size(), 12'000u);
    for (const char* left_over : {"{{", "}}", "\n\n\n", "\r", "\x1e", " \n"}) {
        EXPECT_THAT(text, Not(HasSubstr(left_over)));
    }
    EXPECT_NE(text.front(), '\n');
    EXPECT_NE(text.back(), '\n');
}

bool has_kana(const std::string& text) {
    for (const char* kana : {"の", "は", "を", "に", "が", "て", "で", "す", "ま", "い"}) {
        if (text.find(kana) != std::string::npos) return true;
    }
    return false;
}

bool has_han(const std::string& text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead >= 0xe4 && lead <= 0xe9) return true;  // U+4000 to U+9FFF
    }
    return false;
}

TEST(ShippedPipelines, AreEmostageAndItsAblations) {
    std::vector<std::string> names;
    for (const auto& [name, pipeline] : shipped_pipelines()) names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{"base", "emostage", "emostage-no-perspective",
                                               "emostage-no-phase"}));
    for (const auto& [name, pipeline] : shipped_pipelines()) {
        EXPECT_EQ(pipeline->preamble.size(), 3u) << name;
        EXPECT_EQ(pipeline->stages[pipeline->reply].name, "response") << name;
        EXPECT_NE(pipeline->about, "");
    }
}

TEST(ShippedPipelines, EmostageRunsBothAnalysesAtOnceAndThenTheReply) {
    const Pipeline& pipeline = shipped("emostage");
    ASSERT_EQ(pipeline.stages.size(), 3u);
    EXPECT_TRUE(pipeline.stages[stage_named(pipeline, "perspective")].after.empty());
    EXPECT_TRUE(pipeline.stages[stage_named(pipeline, "phase")].after.empty());
    EXPECT_EQ(pipeline.stages[pipeline.reply].after.size(), 2u);
    EXPECT_EQ(shipped("base").stages.size(), 1u);
    EXPECT_EQ(shipped("emostage-no-phase").stages[0].name, "perspective");
    EXPECT_EQ(shipped("emostage-no-perspective").stages[0].name, "phase");
}

TEST(ShippedPipelines, AblationsDifferFromEmostageInTheirStagesOnly) {
    const Pipeline& whole = shipped("emostage");
    for (const auto& [name, pipeline] : shipped_pipelines()) {
        for (const Language language : languages) {
            EXPECT_EQ(
                pipeline->preamble.at(language).render(preamble_values({language, false, ""})),
                whole.preamble.at(language).render(preamble_values({language, false, ""})));
        }
        for (const Stage& stage : pipeline->stages) {
            const Stage& same = whole.stages[stage_named(whole, stage.name)];
            EXPECT_EQ(stage.temperature, same.temperature) << name;
            EXPECT_EQ(stage.max_tokens, same.max_tokens) << name;
            EXPECT_EQ(stage.budget, same.budget) << name;
            EXPECT_EQ(default_output(stage.output), default_output(same.output)) << name;
            if (!stage.output.typed()) continue;
            EXPECT_EQ(stage.output.shape->json_schema, same.output.shape->json_schema) << name;
        }
    }
}

TEST(ShippedPrompts, RenderInEachLanguageWithAndWithoutEachResult) {
    std::set<std::string> rendered;
    std::size_t count = 0;
    for (const auto& [name, pipeline] : shipped_pipelines()) {
        for (const Language language : languages) {
            for (int bits = 0; bits < 16; ++bits) {
                Turn turn{.pipeline = name, .language = language};
                turn.with_perspective = bits & 1;
                turn.phase = bits & 2 ? "acting" : "";
                turn.help_lines = bits & 4 ? "HELP 1\nHELP 2" : "";
                turn.other_language = bits & 8;
                for (const Stage& stage : pipeline->stages) {
                    const std::string text = instruction(turn, stage.name);
                    expect_clean(text);
                    EXPECT_EQ(has_kana(text), language == Language::ja) << name << stage.name;
                    EXPECT_EQ(has_han(text), language != Language::en) << name << stage.name;
                    if (stage.streams && name == "emostage") {
                        rendered.insert(text);
                        ++count;
                    }
                }
            }
        }
    }
    // Help lines are shown in the careful wording, or where nothing is known of the client.
    EXPECT_EQ(rendered.size(), count * 3 / 4);
}

TEST(ShippedPrompts, AReplyNamesThePhaseInForceOnALineOfItsOwn) {
    for (const Language language : languages) {
        for (const char* name : phases) {
            EXPECT_THAT(reply({.language = language, .phase = name}),
                        HasSubstr(std::string("\n[phase:") + name + "]\n"));
        }
        Turn failed{.language = language, .state = {{"phase", "closing"}, {"risk", "none"}}};
        EXPECT_THAT(reply(failed), HasSubstr("\n[phase:closing]\n")) << "the remembered one";
        EXPECT_THAT(reply({.pipeline = "base", .language = language}), Not(HasSubstr("[phase:")));
    }
}

TEST(ShippedPrompts, EachPhaseChangesTheReplysPrompt) {
    for (const Language language : languages) {
        std::set<std::string> texts;
        for (const char* name : phases) {
            std::string text = reply({.language = language, .phase = name});
            const std::string mark = std::string("[phase:") + name + "]";
            text.replace(text.find(mark), mark.size(), "");
            texts.insert(text);
        }
        texts.insert(reply({.pipeline = "emostage-no-phase", .language = language}));
        EXPECT_EQ(texts.size(), 6u) << name(language);
    }
}

TEST(ShippedPrompts, EachNeedAndEmotionIsToldInTheClientsLanguage) {
    const Field& needs = output_of("perspective").fields[2];
    const Pipeline& pipeline = shipped("emostage");
    for (const Language language : languages) {
        std::set<std::string> texts;
        for (const std::string& need : needs.item.front().labels) {
            StageResults results;
            results[stage_named(pipeline, "perspective")] =
                read_output(output_of("perspective"), R"({"state":"I","needs":[")" + need + "\"]}");
            texts.insert(pipeline.stages[pipeline.reply].instruction.at(language).render(
                prompt_values(pipeline, results, initial_state(pipeline), {language, false, ""})));
        }
        EXPECT_EQ(texts.size(), 8u) << name(language);
        const std::string text = reply({.language = language, .with_perspective = true});
        const char* grief[] = {"喪失の痛み", "失去的痛", "grief"};
        EXPECT_THAT(text, HasSubstr(grief[static_cast<int>(language)]));
        EXPECT_THAT(text, HasSubstr("QUITE_SAD"));
    }
    for (const std::string& label : output_of("perspective").fields[1].item.front().labels) {
        for (const Language language : languages) {
            EXPECT_THAT(instruction({.language = language}, "perspective"), HasSubstr(label));
        }
    }
}

TEST(ShippedPrompts, TheAnalysesNameEachLabelThatTheyMayAnswer) {
    for (const Language language : languages) {
        const std::string text = instruction({.language = language}, "perspective");
        for (const char* label :
             {"heard", "comfort", "understanding", "encouragement", "way_forward", "information",
              "connection", "safety", "none", "concern", "alert"}) {
            EXPECT_THAT(text, HasSubstr(std::string("- ") + label)) << name(language);
        }
        const std::string phase_text = instruction({.language = language}, "phase");
        for (const char* label : phases)
            EXPECT_THAT(phase_text, HasSubstr(std::string("- ") + label));
        EXPECT_THAT(phase_text, HasSubstr("low"));
        EXPECT_THAT(phase_text, HasSubstr("high"));
    }
}

TEST(ShippedPrompts, ThePhasePromptKnowsThePreviousPhase) {
    for (const Language language : languages) {
        std::set<std::string> texts;
        for (const char* before : phases) {
            texts.insert(instruction(
                {.language = language, .state = {{"phase", before}, {"risk", "none"}}}, "phase"));
        }
        EXPECT_EQ(texts.size(), 5u);
    }
}

TEST(ShippedPrompts, TheShapeThatAnAnalysisShowsIsOneThatWeRead) {
    for (const Language language : languages) {
        for (const char* stage : {"perspective", "phase"}) {
            const std::string text = instruction({.language = language}, stage);
            const std::string shape = text.substr(text.rfind("\n{") + 1);
            const auto shown = nlohmann::json::parse(shape, nullptr, false);
            ASSERT_TRUE(shown.is_object()) << stage;
            const auto asked = nlohmann::json::parse(output_of(stage).shape->json_schema);
            EXPECT_EQ(shown.size(), asked["properties"].size()) << stage;
            for (const auto& [key, value] : asked["properties"].items()) {
                EXPECT_TRUE(shown.contains(key)) << stage << " " << key;
            }
        }
    }
}

TEST(ShippedPrompts, AnAlertSwitchesToTheCarefulWordingWithTheHelpLines) {
    for (const Language language : languages) {
        Turn turn{.language = language,
                  .help_lines = "HELP <1> & 2\nHELP 3",
                  .with_perspective = true,
                  .phase = "exploring"};
        EXPECT_THAT(reply(turn), Not(HasSubstr("HELP"))) << "no alert, no help lines";
        const std::string calm = reply(turn);
        turn.risk = "concern";
        const std::string concern = reply(turn);
        turn.risk = "alert";
        const std::string alert = reply(turn);
        EXPECT_THAT(alert, HasSubstr("\nHELP <1> & 2\nHELP 3\n")) << "copied exactly";
        EXPECT_NE(concern, calm);
        EXPECT_NE(concern, alert);
        turn.help_lines = "";
        EXPECT_THAT(reply(turn), Not(HasSubstr("HELP")));
        EXPECT_NE(reply(turn), calm);

        Turn later{.language = language,
                   .with_perspective = true,
                   .phase = "exploring",
                   .state = {{"phase", "exploring"}, {"risk", "alert"}}};
        EXPECT_NE(reply(later), calm) << "asks how it is now";
        later.with_perspective = false;
        later.help_lines = "HELP";
        EXPECT_THAT(reply(later), HasSubstr("\nHELP\n")) << "the alert stands";
    }
}

TEST(ShippedPrompts, AReplyWithoutAnAnalysisStillKnowsWhatToDoInDanger) {
    const char* alone[] = {"一字も変えずに", "一字不改", "copied exactly"};
    for (const char* pipeline : {"base", "emostage-no-perspective", "emostage"}) {
        for (const Language language : languages) {
            const std::string text =
                reply({.pipeline = pipeline, .language = language, .help_lines = "HELP"});
            EXPECT_THAT(text, HasSubstr("\nHELP\n")) << pipeline;
            EXPECT_THAT(text, HasSubstr(alone[static_cast<int>(language)])) << pipeline;
        }
    }
}

TEST(ShippedPrompts, AnotherLanguageIsAskedForWhereTheClientWritesOne) {
    for (const Language language : languages) {
        EXPECT_NE(reply({.language = language, .other_language = true}),
                  reply({.language = language}));
    }
}

TEST(ShippedPrompts, AllStagesOfATurnBeginWithTheSameBytes) {
    const Pipeline& pipeline = shipped("emostage");
    for (const Language language : languages) {
        const auto sides = speakers(language);
        const std::string transcript =
            render_transcript({{wire::Role::assistant, "Hello"}}, "I am tired", sides.client,
                              sides.counsellor, 40, 16384);
        std::vector<std::string> messages;
        for (const Stage& stage : pipeline.stages) {
            messages.push_back(render_user_message(
                transcript, stage.name,
                instruction({.language = language, .with_perspective = stage.streams},
                            stage.name)));
        }
        for (const std::string& message : messages) {
            EXPECT_TRUE(message.starts_with(transcript + "\n[stage:"));
        }
        // The system message knows nothing of stage, phase or results.
        for (const Prompt::Reference& used : pipeline.preamble.at(language).references()) {
            EXPECT_TRUE(used.name == "language" || used.name == "other_language") << used.name;
        }
        EXPECT_THAT(pipeline.preamble.at(language).render(preamble_values({language, false, ""})),
                    testing::AllOf(HasSubstr("<dialogue>"), HasSubstr("[stage:"),
                                   HasSubstr(std::string(sides.client)),
                                   HasSubstr(std::string(sides.counsellor))));
    }
}

TEST(ShippedPrompts, OnlyTheEngineWritesStageLines) {
    for (const auto& [pipeline, loaded] : shipped_pipelines()) {
        for (const Language language : languages) {
            for (const Stage& stage : loaded->stages) {
                EXPECT_THAT(instruction({.pipeline = pipeline, .language = language}, stage.name),
                            Not(HasSubstr("[stage:")));
            }
        }
    }
}

TEST(ShippedPrompts, ARepairAsksOnceInEachLanguage) {
    for (const Language language : languages) {
        const std::string& text = shipped("emostage").repair.at(language);
        EXPECT_THAT(text, HasSubstr("JSON"));
        EXPECT_EQ(has_han(text), language != Language::en);
    }
}

}  // namespace
}  // namespace emostage::worker
