#include "worker/pipeline/output.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <random>

#include "schemas/limits.hpp"
#include "tests/worker/pipeline/shipped_pipelines.hpp"
#include "worker/pipeline/output_words.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

Json read(const std::string& stage, std::string_view answer) {
    return Json::parse(read_output(output_of(stage), answer).result->dump());
}

std::vector<std::string> defaulted(const std::string& stage, std::string_view answer) {
    return read_output(output_of(stage), answer).defaulted;
}

Field field(std::string name, FieldType type, std::string default_json) {
    Field out;
    out.name = std::move(name);
    out.type = type;
    out.default_json = std::move(default_json);
    return out;
}

OutputSpec one(Field field) {
    OutputSpec spec;
    spec.fields.push_back(std::move(field));
    return spec;
}

const char* const good =
    R"({"state": "I am tired.", "emotions": [{"name": "sadness", "strength": 3}],)"
    R"( "needs": ["heard"], "risk": "none"})";

TEST(ReadOutput, TakesAGoodAnswerAsItIs) {
    const auto output = read_output(output_of("perspective"), good);
    EXPECT_TRUE(output.valid());
    EXPECT_EQ(output.complaint, "");
    EXPECT_EQ(Json::parse(output.result->dump()), Json::parse(good));
    EXPECT_TRUE(output.result->dump().starts_with(R"({"state":)")) << "in the order of the fields";
}

TEST(ReadOutput, FindsTheObjectWhereverItIs) {
    const std::string object = good;
    for (const std::string& answer : {
             "Here you are:\n" + object + "\nI hope that helps {really}.",
             "```json\n" + object + "\n```",
             "```\n" + object,
             "<think>The shape is {\"state\": …} so {maybe}</think>\n" + object,
             "{\"thought\": \"first\"}\n" + object,
             "{\"result\": " + object + "}",
             "[" + object + "]",
             "{{" + object + "}}",
             "\xef\xbb\xbf" + object,
             "Example: {\"state\": \"I …\", \"risk\": \"…\"} Answer: " + object,
         }) {
        EXPECT_EQ(read("perspective", answer), Json::parse(good)) << answer;
    }
}

TEST(ReadOutput, FindsAStageThatWrapsItselfInItsOwnName) {
    EXPECT_EQ(read("phase", R"({"phase": {"phase": "acting", "confidence": "high"}})"),
              (Json{{"phase", "acting"}, {"confidence", "high"}}));
}

TEST(ReadOutput, TheFirstOfTwoGoodAnswersCounts) {
    EXPECT_EQ(
        read("phase",
             R"({"phase":"acting","confidence":"high"}{"phase":"closing","confidence":"low"})")
            ["phase"],
        "acting");
}

TEST(ReadOutput, UnderstandsLabelsInOtherSpellings) {
    for (const char* label :
         {"way_forward", "Way Forward", "WAY-FORWARD", " way  forward ", "ｗａｙ＿ｆｏｒｗａｒｄ",
          "wayForward", "次の一歩", "一点思路", "a way forward", "way_forward.",
          "way forward (a step)", "\\\"way_forward\\\""}) {
        const std::string answer = std::string(R"({"needs": [")") + label + R"("]})";
        EXPECT_EQ(read("perspective", answer)["needs"], Json{"way_forward"}) << label;
    }
    EXPECT_EQ(read("phase", R"({"phase": "exploring（話を聴く）", "confidence": "High"})"),
              (Json{{"phase", "exploring"}, {"confidence", "high"}}));
}

TEST(ReadOutput, DoesNotGuessLabels) {
    for (const char* label :
         {"", "xyz", "not exploring", "unexploring", "exploring acting", "🙂", "explor", "1"}) {
        const std::string answer =
            std::string(R"({"confidence": "high", "phase": ")") + label + R"("})";
        EXPECT_EQ(defaulted("phase", answer), std::vector<std::string>{"phase"}) << label;
    }
    for (const char* value : {"null", "1", "true", "[]", "{}", "[\"acting\"]"}) {
        const std::string answer = std::string(R"({"confidence": "high", "phase": )") + value + "}";
        EXPECT_EQ(defaulted("phase", answer), std::vector<std::string>{"phase"}) << value;
    }
}

TEST(ReadOutput, TakesPlainLabelsWhereObjectsAreAsked) {
    EXPECT_EQ(read("perspective", R"({"emotions": ["sad", "不安", "calm"]})")["emotions"],
              Json::parse(R"([{"name":"sadness","strength":2},{"name":"anxiety","strength":2},
                              {"name":"calm","strength":2}])"));
}

TEST(ReadOutput, TakesASingleValueForAList) {
    EXPECT_EQ(read("perspective", R"({"needs": "Comfort"})")["needs"], Json{"comfort"});
    EXPECT_EQ(read("perspective", R"({"needs": "heard, comfort"})")["needs"],
              (Json{"heard", "comfort"}));
    EXPECT_EQ(read("perspective", R"({"needs": "慰め、つながり"})")["needs"],
              (Json{"comfort", "connection"}));
    EXPECT_EQ(read("perspective", R"({"emotions": {"name": "joy", "strength": 1}})")["emotions"],
              Json::parse(R"([{"name":"joy","strength":1}])"));
}

TEST(ReadOutput, CutsListsAndDropsDoublesAndUnusableItems) {
    EXPECT_EQ(
        read(
            "perspective",
            R"({"needs": ["heard", "x", "Heard", 3, "comfort", "safety", "connection"]})")["needs"],
        (Json{"heard", "comfort", "safety"}));
    EXPECT_EQ(read("perspective",
                   R"({"emotions": [{"name":"joy","strength":1},{"name":"joy","strength":3},
                                      {"strength":2}, {"name":"nonsense"}]})")["emotions"],
              Json::parse(R"([{"name":"joy","strength":1}])"));
}

TEST(ReadOutput, AnEmptyListIsAnAnswerAndAListOfNonsenseIsNot) {
    EXPECT_EQ(defaulted("perspective", R"({"state":"I","emotions":[],"needs":null,"risk":"none"})"),
              std::vector<std::string>{});
    EXPECT_EQ(
        defaulted("perspective", R"({"state":"I","emotions":[1,2],"needs":["x"],"risk":"none"})"),
        (std::vector<std::string>{"emotions", "needs"}));
}

TEST(ReadOutput, ReadsNumbersInStrings) {
    const std::string head = R"({"emotions": [{"name": "joy", "strength": )";
    const std::pair<const char*, int> cases[] = {
        {"\"3\"", 3}, {"\" 1 \"", 1}, {"\"３\"", 3}, {"1.0", 1},    {"\"1.0\"", 1}, {"0", 2},
        {"4", 2},     {"-1", 2},      {"1.5", 2},    {"\"x\"", 2},  {"null", 2},    {"true", 2},
        {"1e400", 2}, {"\"1e5\"", 2}, {"[3]", 2},    {"\"3/3\"", 2}};
    for (const auto& [text, strength] : cases) {
        const Json result = read("perspective", head + text + "}]}");
        if (result["emotions"].empty()) {
            EXPECT_STREQ(text, "1e400") << "the only one that is no JSON";
            continue;
        }
        EXPECT_EQ(result["emotions"][0]["strength"], strength) << text;
    }
}

TEST(ReadOutput, KeepsNumbersInTheirRange) {
    Field number = field("n", FieldType::number, "0.5");
    number.min = 0;
    number.max = 1;
    EXPECT_EQ(read_output(one(number), R"({"n": 0.25})").result->dump(), R"({"n":0.25})");
    EXPECT_EQ(read_output(one(number), R"({"n": "0.75"})").result->dump(), R"({"n":0.75})");
    for (const char* bad :
         {R"({"n": 1.01})", R"({"n": "nan"})", R"({"n": "inf"})", R"({"n": {}})"}) {
        const auto output = read_output(one(number), bad);
        EXPECT_EQ(output.result->dump(), R"({"n":0.5})") << bad;
        EXPECT_EQ(output.complaint, "\"n\": number from 0 to 1\n");
    }
}

TEST(ReadOutput, ReadsBooleans) {
    const OutputSpec spec = one(field("b", FieldType::boolean, "false"));
    for (const char* yes : {"true", "\"Yes\"", "\"はい\"", "\"是\"", "1", "\"TRUE\"", "True"}) {
        const auto output = read_output(spec, std::string(R"({"b": )") + yes + "}");
        EXPECT_EQ(output.result->dump(), R"({"b":true})") << yes;
    }
    for (const char* bad : {"2", "\"maybe\"", "null", "[]"}) {
        EXPECT_FALSE(read_output(spec, std::string(R"({"b": )") + bad + "}").valid()) << bad;
    }
}

TEST(ReadOutput, ReadsASingleFieldWithoutItsObject) {
    Field label = field("gate", FieldType::label, "\"normal\"");
    label.labels = {"normal", "alert"};
    ASSERT_TRUE(add_meaning(label, "normal", 0));
    ASSERT_TRUE(add_meaning(label, "alert", 1));
    EXPECT_FALSE(add_meaning(label, "NORMAL", 1));
    EXPECT_FALSE(add_meaning(label, "!?", 1));
    EXPECT_EQ(read_output(one(label), " Alert.\n").result->dump(), R"({"gate":"alert"})");
    EXPECT_FALSE(read_output(one(label), "I think it is an alert").valid());
}

TEST(ReadOutput, CleansAndCutsText) {
    const auto state = [](const std::string& text) {
        return read("perspective", Json{{"state", text}}.dump())["state"].get<std::string>();
    };
    EXPECT_EQ(state("  I am\n\n tired\t\x01 \u202e now "), "I am tired now");
    std::string longer;
    for (int i = 0; i < 500; ++i) longer += "あ";
    EXPECT_EQ(state(longer), longer.substr(0, 400 * 3));
    std::string family;
    for (int i = 0; i < 399; ++i) family += "a";
    EXPECT_EQ(state(family + "👩‍👧x"), family) << "no character is torn";
    EXPECT_EQ(read("perspective", R"({"state": ["I am tired.", "I give up."]})")["state"],
              "I am tired. I give up.");
}

TEST(ReadOutput, AnEmptyTextIsMissing) {
    for (const char* text : {R"({"state": ""})", R"({"state": " \n "})", R"({"state": null})",
                             R"({"state": {}})", R"({"state": "\u200b"})"}) {
        const auto names = defaulted("perspective", text);
        EXPECT_NE(std::find(names.begin(), names.end(), "state"), names.end()) << text;
    }
}

TEST(ReadOutput, MatchesFieldNamesAndDropsUnknownOnes) {
    EXPECT_EQ(read("phase", R"({"Phase": "acting", "CONFIDENCE ": "high", "why": "secret"})"),
              (Json{{"phase", "acting"}, {"confidence", "high"}}));
}

TEST(ReadOutput, ComplainsOfFieldsWithoutQuotingTheAnswer) {
    const auto output =
        read_output(output_of("phase"), R"({"phase": "s3cret words", "confidence": 1})");
    EXPECT_EQ(output.complaint,
              "\"phase\": one of \"opening\" | \"exploring\" | \"understanding\" | \"acting\" | "
              "\"closing\"\n\"confidence\": one of \"low\" | \"high\"\n");
    EXPECT_EQ(output.result->dump(), R"({"phase":"exploring","confidence":"low"})");
    const auto list = read_output(output_of("perspective"), "s3cret");
    EXPECT_EQ(list.defaulted, (std::vector<std::string>{"state", "emotions", "needs", "risk"}));
    EXPECT_NE(list.complaint.find("\"emotions\": list of at most 3: {\"name\": one of"),
              std::string::npos);
    EXPECT_NE(list.complaint.find("\"strength\": whole number from 1 to 3}"), std::string::npos);
    EXPECT_EQ(list.complaint.find("s3cret"), std::string::npos);
}

TEST(ReadOutput, AFreeTextStageHasAnEmptyResult) {
    EXPECT_EQ(read_output(OutputSpec(), good).result->dump(), "{}");
}

TEST(DefaultOutput, HasEveryField) {
    EXPECT_EQ(default_output(output_of("perspective")),
              R"({"state":"","emotions":[],"needs":[],"risk":"none"})");
    EXPECT_EQ(default_output(output_of("phase")), R"({"phase":"exploring","confidence":"low"})");
}

// What a result promises whatever the answer was.
void expect_well_formed(const std::string& answer) {
    const auto output = read_output(output_of("perspective"), answer);
    ASSERT_TRUE(simdjson::validate_utf8(output.result->dump()));
    const Json result = Json::parse(output.result->dump(), nullptr, false);
    ASSERT_TRUE(result.is_object());
    ASSERT_EQ(result.size(), 4u);
    const std::string state = result["state"];
    ASSERT_LE(state.size(), 1600u);
    for (const char c : state) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    ASSERT_LE(result["emotions"].size(), 3u);
    for (const Json& emotion : result["emotions"]) {
        ASSERT_EQ(emotion.size(), 2u);
        ASSERT_TRUE(emotion["strength"] == 1 || emotion["strength"] == 2 ||
                    emotion["strength"] == 3);
    }
    ASSERT_LE(result["needs"].size(), 3u);
    ASSERT_TRUE(result["risk"] == "none" || result["risk"] == "concern" ||
                result["risk"] == "alert");
    ASSERT_LE(Json::to_msgpack(result).size(), wire::result_bytes_max);
    ASSERT_EQ(output.valid(), output.complaint.empty());
}

TEST(ReadOutput, SurvivesEndlessAndDeepAnswers) {
    for (const char* unit : {"{",
                             "[",
                             "{\"a\":",
                             "[[",
                             "{\"state\":{",
                             "\"",
                             "\\",
                             "'",
                             "{'",
                             "“",
                             "{\"state\":\"",
                             "/*",
                             "//",
                             "{,",
                             "}{",
                             "{\"\":",
                             "{\"needs\":[",
                             "：",
                             "{\"emotions\":[{\"name\":",
                             "\xff",
                             "\xe3",
                             "{a",
                             "{\"state\": \"\\u"}) {
        std::string answer;
        while (answer.size() < 2 * answer_scan_bytes_max) answer += unit;
        expect_well_formed(answer);
    }
}

TEST(ReadOutput, SurvivesLabelsAndStringsWithoutEnd) {
    const std::string huge(100'000, 'x');
    expect_well_formed(R"({"risk": ")" + huge + "\"}");
    expect_well_formed(R"({"state": ")" + huge + "\", \"risk\": \"alert\"}");
    expect_well_formed(R"({"emotions": [{"strength": ")" + std::string(10'000, '9') + "\"}]}");
    std::string many = R"({"needs": [)";
    for (int i = 0; i < 10'000; ++i) many += "\"heard\",";
    expect_well_formed(many + "]}");
    std::string keys = "{";
    for (int i = 0; i < 10'000; ++i) keys += "\"k" + std::to_string(i) + "\":1,";
    expect_well_formed(keys + "\"risk\":\"none\"}");
    EXPECT_EQ(read("perspective",
                   R"({"risk": "alert", "state": ")" + std::string(5000, 'x') + "\"}")["risk"],
              "alert");
}

// 200 answers made from good ones and hostile pieces; the seed is fixed.
TEST(ReadOutput, SurvivesTwoHundredHostileAnswers) {
    const std::vector<std::string> pieces{good,
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          "\"",
                                          "'",
                                          ",",
                                          ":",
                                          "\\",
                                          "null",
                                          "true",
                                          "1e999",
                                          "-",
                                          "0x1",
                                          "\"state\"",
                                          "\"emotions\"",
                                          "\"needs\"",
                                          "\"risk\"",
                                          "\"alert\"",
                                          "\n",
                                          "\t",
                                          "\x01",
                                          "\xff",
                                          "\xc3",
                                          "\xed\xa0\x80",
                                          "\xf4\x90\x80\x80",
                                          "\\u0000",
                                          "\\ud800",
                                          "\\udc00\\ud800",
                                          "```json",
                                          "</think>",
                                          "<think>",
                                          "「",
                                          "」",
                                          "“",
                                          "”",
                                          "：",
                                          "，",
                                          "{{risk}}",
                                          "/*",
                                          "*/",
                                          "//",
                                          "\u202e",
                                          "👩‍👧",
                                          "ﷺ",
                                          "z̷̡̢̛̺͖",
                                          "NaN",
                                          "Infinity",
                                          "None",
                                          "undefined",
                                          std::string(3000, '{'),
                                          std::string(3000, '['),
                                          std::string(1, '\0')};
    std::mt19937 random(20240717);
    for (int round = 0; round < 200; ++round) {
        std::string answer;
        const std::size_t length = 1 + random() % 40;
        for (std::size_t i = 0; i < length; ++i) answer += pieces[random() % pieces.size()];
        if (round % 3 == 0) {  // a good answer with a wound
            answer = good;
            for (int wounds = 0; wounds < 4; ++wounds) {
                const std::size_t at = random() % answer.size();
                const std::string& piece = pieces[random() % pieces.size()];
                answer = answer.substr(0, at) + piece +
                         answer.substr(std::min(answer.size(), at + random() % 3));
                if (answer.empty()) answer = "x";
            }
        }
        expect_well_formed(answer);
        if (HasFatalFailure()) FAIL() << "round " << round;
    }
}

TEST(ReadOutput, SurvivesEveryCutOfAGoodAnswer) {
    const std::string text = good;
    for (std::size_t size = 0; size < text.size(); ++size) expect_well_formed(text.substr(0, size));
}

TEST(MakeShape, IsAStrictJsonSchema) {
    const Json schema = Json::parse(output_of("perspective").shape->json_schema);
    EXPECT_EQ(output_of("perspective").shape->name, "perspective");
    std::vector<Json> open{schema};
    std::size_t objects = 0;
    while (!open.empty()) {
        const Json node = open.back();
        open.pop_back();
        if (node["type"] == "array") open.push_back(node["items"]);
        if (node["type"] != "object") continue;
        ++objects;
        EXPECT_EQ(node["additionalProperties"], false);
        EXPECT_EQ(node["required"].size(), node["properties"].size());
        for (const auto& [name, property] : node["properties"].items()) {
            EXPECT_NE(std::find(node["required"].begin(), node["required"].end(), name),
                      node["required"].end());
            open.push_back(property);
        }
    }
    EXPECT_EQ(objects, 2u);
    EXPECT_EQ(schema["properties"]["risk"]["enum"], (Json{"none", "concern", "alert"}));
    EXPECT_EQ(schema["properties"]["needs"]["maxItems"], 3);
}

TEST(MakeShape, HasAGrammarOfTheSameFields) {
    EXPECT_EQ(
        output_of("phase").shape->gbnf.substr(0, output_of("phase").shape->gbnf.find('\n')),
        R"(root ::= "{" ws "\"phase\"" ws ":" ws ("\"opening\"" | "\"exploring\"" | )"
        R"("\"understanding\"" | "\"acting\"" | "\"closing\"") ws "," ws "\"confidence\"" ws )"
        R"(":" ws ("\"low\"" | "\"high\"") ws "}")");
    Field integer = field("n", FieldType::integer, "0");
    integer.min = 0;
    integer.max = 1000;
    const auto shape = make_shape("s", {integer, field("b", FieldType::boolean, "false")});
    EXPECT_EQ(shape.gbnf.substr(0, shape.gbnf.find('\n')),
              R"(root ::= "{" ws "\"n\"" ws ":" ws integer ws "," ws "\"b\"" ws ":" ws )"
              R"(("true" | "false") ws "}")");
    EXPECT_EQ(Json::parse(shape.json_schema)["properties"]["n"],
              (Json{{"type", "integer"}, {"minimum", 0}, {"maximum", 1000}}));
}

}  // namespace
}  // namespace emostage::worker
