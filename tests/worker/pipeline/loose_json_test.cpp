#include "worker/pipeline/loose_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

// Null where it is no object.
Json read(std::string_view text) {
    const auto loose = read_loose_object(text, 8, 64);
    if (loose.json.empty()) return nullptr;
    const Json value = Json::parse(loose.json, nullptr, false);
    return value.is_discarded() ? Json() : value;
}

TEST(LooseJson, KeepsTheMeaningOfValidJson) {
    for (const char* text :
         {R"({})", R"({"a":1})", R"({"a": "x, y: {z} \"q\" \\ \n \u3042"})",
          R"({"a":[1,-2.5e3,[]]})", R"({"a":{"b":null,"c":true,"d":false}})",
          "{\n\t\"a\" :\r\n \"b\"\n}", R"({"a":"ends with \\"})", R"({"a":"","b":""})"}) {
        EXPECT_EQ(read(text), Json::parse(text)) << text;
    }
}

TEST(LooseJson, SaysWhereTheObjectEnded) {
    EXPECT_EQ(read_loose_object(R"({"a":1} and more})", 8, 64).bytes_read, 7u);
    EXPECT_EQ(read_loose_object(R"({"a":1] and more})", 8, 64).bytes_read, 7u);
}

TEST(LooseJson, MendsWhatModelsWrite) {
    const Json wanted = {{"a", "x"}, {"b", {1, 2}}};
    for (const char* text : {
             R"({"a": "x", "b": [1, 2,],})",
             R"({'a': 'x', 'b': [1, 2]})",
             R"({a: x, b: [1, 2]})",
             R"({“a”: “x”, “b”: [1, 2]})",
             R"({"a"："x"，"b"：[1、2]})",
             R"({＂a＂: ＂x＂, ＂b＂: ［1，2］｝)",
             "{\"a\": \"x\", // why\n \"b\": [1, /* two */ 2]}",
             R"({"a": "x", "b": [1, 2)",
             R"({"a": "x", "b": [1, 2]   )",
             "{　\"a\"　: \"x\", \"b\": [1, 2]}",
         }) {
        EXPECT_EQ(read(text), wanted) << text;
    }
}

TEST(LooseJson, MendsQuotesAndLineBreaksInsideStrings) {
    EXPECT_EQ(read("{\"a\": \"one\ntwo\tthree\x01\"}")["a"], "one\ntwo three ");
    EXPECT_EQ(read(R"({"a": "he said "no" to me"})")["a"], "he said \"no\" to me");
    EXPECT_EQ(read(R"({'a': 'I'm tired'})")["a"], "I'm tired");
    EXPECT_EQ(read(R"({"a": "it\'s \q"})")["a"], "it's q");
    EXPECT_EQ(read(R"({"a": "\u12"})")["a"], "u12");
}

TEST(LooseJson, ReadsPythonsWords) {
    EXPECT_EQ(read("{a: True, b: False, c: None}"),
              (Json{{"a", true}, {"b", false}, {"c", nullptr}}));
}

TEST(LooseJson, RefusesWhatIsNoObject) {
    for (const char* text : {"", "x", "[1]", "{", "{]", "{\"a\": \"never ends", "{\"a\" \"b\"}x",
                             "{\"a\": (1)}", "{,}{", "{\"a\":}", "{{}}", "{\"a\": \\\"}"}) {
        const Json value = read(text);
        EXPECT_TRUE(value.is_null() || value == Json::object()) << text;
    }
}

TEST(LooseJson, HoldsItsLimits) {
    std::string deep = "{\"a\":";
    for (int i = 0; i < 7; ++i) deep += "[";
    EXPECT_NE(read_loose_object(deep, 8, 64).json, "");
    EXPECT_EQ(read_loose_object(deep + "[", 8, 64).json, "");
    std::string wide = "{\"a\":[0";
    for (int i = 0; i < 61; ++i) wide += ",0";
    EXPECT_EQ(read_loose_object(wide + "]}", 8, 64).json, "");
    EXPECT_NE(read_loose_object(wide + "]}", 8, 65).json, "");
}

}  // namespace
}  // namespace emostage::worker
