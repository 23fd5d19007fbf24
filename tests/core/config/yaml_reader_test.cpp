#include "core/config/yaml_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace emostage::config {
namespace {

using std::chrono::milliseconds;

YamlNode parsed(const std::string& text) {
    auto node = parse_yaml("f.yaml", text);
    EXPECT_TRUE(node) << node.error().message;
    return node ? *node : YamlNode();
}

std::string refusal(const std::string& text, const YamlLimits& limits = {}) {
    const auto node = parse_yaml("f.yaml", text, limits);
    if (node) return "accepted";
    EXPECT_EQ(node.error().code, Errc::config);
    return node.error().message;
}

// What `read` says about a file with `text`.
template <class F>
std::string problem(const std::string& text, F&& read) {
    YamlMap map(parsed(text), "the file");
    read(map);
    const auto outcome = map.finish();
    return outcome ? "" : outcome.error().message;
}

TEST(ParseYaml, KnowsTheLineOfEverything) {
    const auto root = parsed("a: 1\nb:\n  - x\n  - 'y'\nc:\n");
    ASSERT_EQ(root.kind(), YamlNode::Kind::map);
    ASSERT_EQ(root.entries().size(), 3u);
    EXPECT_EQ(root.entries()[1].first.line(), 2);
    EXPECT_EQ(root.entries()[1].second.items()[1].line(), 4);
    EXPECT_FALSE(root.entries()[1].second.items()[0].quoted());
    EXPECT_TRUE(root.entries()[1].second.items()[1].quoted());
    EXPECT_EQ(root.entries()[2].second.kind(), YamlNode::Kind::empty);
    EXPECT_EQ(root.error("bad").message, "f.yaml:1: bad");
}

TEST(ParseYaml, TakesAnEmptyFileAsAnEmptyNode) {
    EXPECT_EQ(parsed("").kind(), YamlNode::Kind::empty);
    EXPECT_EQ(parsed("# only a comment\n").kind(), YamlNode::Kind::empty);
}

TEST(ParseYaml, RefusesABrokenFileWithItsLine) {
    EXPECT_EQ(refusal("a: [1, 2\nb: 3\n").substr(0, 9), "f.yaml:2:");
    EXPECT_EQ(refusal("a: 1\n\tb: 2\n").substr(0, 7), "f.yaml:");
}

TEST(ParseYaml, RefusesAliasesAndSoBombs) {
    EXPECT_EQ(refusal("a: &x [1]\nb: *x\n"),
              "f.yaml:2: aliases are not allowed; write the value out");
    EXPECT_EQ(refusal("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"),
              "f.yaml:2: aliases are not allowed; write the value out");
}

TEST(ParseYaml, RefusesADoubledKey) {
    EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"), "f.yaml:3: \"a\" is here twice: first on line 1");
}

TEST(ParseYaml, RefusesKeysThatAreNoWords) {
    EXPECT_EQ(refusal("? [a, b]\n: 1\n"), "f.yaml:1: a key must be a word");
}

TEST(ParseYaml, RefusesASecondDocument) {
    EXPECT_NE(refusal("a: 1\n---\nb: 2\n").find("a second document"), std::string::npos);
}

TEST(ParseYaml, RefusesWhatExceedsItsLimits) {
    EXPECT_EQ(refusal("a: 1234567890", {.bytes_max = 8}), "f.yaml: larger than 8 bytes");
    EXPECT_EQ(refusal("[a, b, c, d]", {.nodes_max = 3}), "f.yaml:1: more than 3 values");
    EXPECT_EQ(refusal("a:\n  b:\n    c: 1\n", {.depth_max = 2}),
              "f.yaml:3: lists and maps are nested deeper than 2");
}

TEST(ParseYaml, SurvivesHostileNesting) {
    EXPECT_NE(refusal(std::string(100'000, '[')), "accepted");
    EXPECT_NE(refusal(std::string(100'000, '{')), "accepted");
    std::string dashes;
    for (int i = 0; i < 50'000; ++i) dashes += "- ";
    EXPECT_NE(refusal(dashes), "accepted");
    std::string questions;
    for (int i = 0; i < 50'000; ++i) questions += "? ";
    EXPECT_NE(refusal(questions), "accepted");
}

TEST(ParseYaml, RefusesBytesThatAreNoText) {
    EXPECT_EQ(refusal("a: \xff\xfe\n"), "f.yaml: not UTF-8");
    EXPECT_EQ(refusal("a: 1\nb: \x01\n"), "f.yaml:2: a control character");
    EXPECT_EQ(refusal(std::string("a: 1\n\0", 6)), "f.yaml:2: a control character");
}

TEST(ParseYaml, DropsAByteOrderMark) {
    EXPECT_EQ(parsed("\xef\xbb\xbf"
                     "a: 1\n")
                  .entries()[0]
                  .first.text(),
              "a");
}

TEST(ReadYamlFile, NamesTheFileThatIsNotThere) {
    const auto node = read_yaml_file("/nonexistent/x.yaml");
    ASSERT_FALSE(node);
    EXPECT_EQ(node.error().message, "/nonexistent/x.yaml: no such file");
}

TEST(ReadYamlFile, RefusesAFolderAndALargeFile) {
    const auto folder = std::filesystem::temp_directory_path();
    EXPECT_EQ(read_yaml_file(folder.string()).error().message,
              folder.string() + ": not a readable file");
    const auto path = folder / ("yaml_reader_test_" + std::to_string(::getpid()) + ".yaml");
    std::ofstream(path) << "a: 12345678\n";
    EXPECT_EQ(read_yaml_file(path.string(), {.bytes_max = 10}).error().message,
              path.string() + ": larger than 10 bytes");
    EXPECT_TRUE(read_yaml_file(path.string(), {.bytes_max = 12}));
    std::filesystem::remove(path);
}

TEST(YamlMap, ReadsEveryType) {
    std::string text = "old";
    bool flag = false;
    int number = 0;
    std::uint64_t wide = 0;
    double real = 0;
    std::optional<double> maybe, absent;
    milliseconds time{0};
    std::vector<std::string> words;
    std::size_t choice = 9;
    EXPECT_EQ(problem("text: 'a b'\nflag: true\nnumber: -3\nwide: 12\nreal: 0.5\nmaybe: 1\n"
                      "time_ms: 250\nwords: [x, y]\nchoice: label\nsub: {inner: z}\n",
                      [&](YamlMap& map) {
                          map.read("text", text);
                          map.read("flag", flag);
                          map.read("number", number, -5, 5);
                          map.read("wide", wide, 0, UINT64_MAX);
                          map.read("real", real, 0, 1);
                          map.read("maybe", maybe, 0, 1);
                          map.read("absent", absent, 0, 1);
                          map.read("time_ms", time, milliseconds(1), milliseconds(1000));
                          map.read("words", words);
                          map.read_choice("choice", choice, {"text", "label"});
                          auto sub = map.map("sub", "sub");
                          std::string inner;
                          sub.read("inner", inner);
                          map.take(sub.finish());
                          EXPECT_EQ(inner, "z");
                      }),
              "");
    EXPECT_EQ(text, "a b");
    EXPECT_TRUE(flag);
    EXPECT_EQ(number, -3);
    EXPECT_EQ(wide, 12u);
    EXPECT_DOUBLE_EQ(real, 0.5);
    EXPECT_EQ(maybe, 1.0);
    EXPECT_FALSE(absent);
    EXPECT_EQ(time, milliseconds(250));
    EXPECT_EQ(words, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(choice, 1u);
}

TEST(YamlMap, AnAbsentKeyLeavesTheTargetAlone) {
    int number = 7;
    EXPECT_EQ(problem("", [&](YamlMap& map) { map.read("number", number, 0, 5); }), "");
    EXPECT_EQ(number, 7);
}

TEST(YamlMap, RefusesAnUnknownKeyWithTheNearestKnownOne) {
    const auto read = [](YamlMap& map) {
        std::string text;
        map.need("prompt");
        map.read("prompt", text);
    };
    EXPECT_EQ(problem("\npromt: x\n", read),
              "f.yaml:2: unknown key \"promt\" in the file; did you mean \"prompt\"?");
    EXPECT_EQ(problem("prompt: x\nzebra: y\n", read),
              "f.yaml:2: unknown key \"zebra\" in the file");
}

TEST(YamlMap, RefusesAMissingOrEmptyKey) {
    const auto read = [](YamlMap& map) { map.need("prompt"); };
    EXPECT_EQ(problem("{}", read), "f.yaml:1: the file needs the key \"prompt\"");
    EXPECT_EQ(problem("", read), "f.yaml:1: the file needs the key \"prompt\"");
    EXPECT_EQ(problem("prompt:\n\n# more\n", read), "f.yaml:1: \"prompt\" of the file is empty");
}

TEST(YamlMap, RefusesWrongTypesAndRanges) {
    int number = 3;
    const auto whole = [&](YamlMap& map) { map.read("n", number, 1, 9); };
    const std::string expected = "f.yaml:1: \"n\" of the file must be a whole number from 1 to 9";
    EXPECT_EQ(problem("n: 10", whole), expected + ", not \"10\"");
    EXPECT_EQ(problem("n: 0", whole), expected + ", not \"0\"");
    EXPECT_EQ(problem("n: 3x", whole), expected + ", not \"3x\"");
    EXPECT_EQ(problem("n: 1.5", whole), expected + ", not \"1.5\"");
    EXPECT_EQ(problem("n: '3'", whole), expected + ", not \"3\"");
    EXPECT_EQ(problem("n: 99999999999999999999", whole),
              expected + ", not \"99999999999999999999\"");
    EXPECT_EQ(problem("n: [3]", whole), expected);
    EXPECT_EQ(number, 3);

    const auto real = [](YamlMap& map) {
        double value = 0;
        map.read("n", value, 0, 2);
    };
    EXPECT_EQ(problem("n: 2.1", real),
              "f.yaml:1: \"n\" of the file must be a number from 0 to 2, not \"2.1\"");
    EXPECT_NE(problem("n: nan", real), "");
    EXPECT_NE(problem("n: .inf", real), "");

    const auto flag = [](YamlMap& map) {
        bool value = false;
        map.read("n", value);
    };
    EXPECT_EQ(problem("n: yes", flag),
              "f.yaml:1: \"n\" of the file must be true or false, not \"yes\"");
    EXPECT_NE(problem("n: 'true'", flag), "");

    const auto text = [](YamlMap& map) {
        std::string value;
        map.read("n", value, 3);
    };
    EXPECT_EQ(problem("n: {a: b}", text), "f.yaml:1: \"n\" of the file must be text");
    EXPECT_EQ(problem("n: abcd", text), "f.yaml:1: \"n\" of the file is longer than 3 bytes");

    const auto words = [](YamlMap& map) {
        std::vector<std::string> value;
        map.read("n", value, 2);
    };
    EXPECT_EQ(problem("n: a", words), "f.yaml:1: \"n\" of the file must be a list");
    EXPECT_EQ(problem("n: [a, b, c]", words), "f.yaml:1: \"n\" of the file has more than 2 items");
    EXPECT_EQ(problem("n:\n- a\n- [b]\n", words),
              "f.yaml:3: each item of \"n\" of the file must be text");

    const auto choice = [](YamlMap& map) {
        std::size_t value = 0;
        map.read_choice("n", value, {"text", "label"});
    };
    EXPECT_EQ(problem("n: labl", choice),
              "f.yaml:1: \"n\" of the file must be one of text, label, not \"labl\"; did you mean "
              "\"label\"?");
}

TEST(YamlMap, RefusesAnythingButAMap) {
    EXPECT_EQ(problem("- a\n", [](YamlMap&) {}),
              "f.yaml:1: the file must be a map of keys and values");
}

TEST(YamlMap, KeepsTheFirstProblem) {
    EXPECT_EQ(problem("a: x\nb: y\n",
                      [](YamlMap& map) {
                          int n = 0;
                          map.read("b", n, 0, 1);
                          map.read("a", n, 0, 1);
                      })
                  .substr(0, 12),
              "f.yaml:2: \"b");
}

TEST(YamlMap, ShowsLongNamesShortenedAtACharacter) {
    std::string key;
    for (int i = 0; i < 100; ++i) key += "あ";
    const std::string message = problem(key + ": 1\n", [](YamlMap&) {});
    EXPECT_LT(message.size(), 120u);
    EXPECT_NE(message.find("あ…\""), std::string::npos);
}

}  // namespace
}  // namespace emostage::config
