#include "gateway/chat/json_lines.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/client/script.hpp"

namespace emostage::chat {
namespace {

using gateway::test::event;
using nlohmann::json;

TEST(JsonLines, EveryEventOfATurnIsOneLineWithTheProtocolsNames) {
    for (const auto& one : gateway::test::scripted_turn()) {
        const auto line = json_line(one);
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        const auto read = json::parse(line);
        EXPECT_EQ(read["turn"], "t1");
        EXPECT_EQ(read["seq"], one.seq);
        EXPECT_TRUE(read["type"].is_string());
    }
    const auto last = json::parse(json_line(gateway::test::scripted_turn().back()));
    EXPECT_EQ(last["type"], "completed");
    EXPECT_EQ(last["text_hash"].get<std::string>().size(), 16u);
    EXPECT_EQ(last["usage"]["calls"], 0);
}

TEST(JsonLines, AStagesResultIsJsonToo) {
    wire::Stage stage{"phase", wire::StageStatus::done, {}, 7};
    const auto bytes = json::to_msgpack({{"phase", "acting"}});
    stage.result.bytes.assign(bytes.begin(), bytes.end());
    EXPECT_EQ(json::parse(json_line(event(1, stage)))["result"]["phase"], "acting");
    stage.result.bytes = "\xc1";
    EXPECT_TRUE(json::parse(json_line(event(1, stage)))["result"].is_null());
}

TEST(JsonLines, ControlCharactersAreEscapedAndNotLost) {
    const std::string text = "a\x1b[2J\x7f\xc2\x9b\xc2\xa0\r\n";
    const auto line = json_line(event(1, wire::Delta{text}));
    for (const unsigned char byte : line.substr(0, line.size() - 1)) {
        EXPECT_TRUE(byte >= 0x20 && byte != 0x7f);
    }
    EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(json::parse(line)["text"], text);
}

TEST(JsonLines, ARejectionHasNoNumber) {
    const auto read =
        json::parse(json_line(event(0, wire::Rejected{Errc::overloaded, "full", 30}, 0)));
    EXPECT_FALSE(read.contains("seq"));
    EXPECT_EQ(read["code"], "overloaded");
    EXPECT_EQ(read["retry_after_ms"], 30);
}

}  // namespace
}  // namespace emostage::chat
