#include "gateway/client/event_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/client/script.hpp"

namespace emostage::gateway {
namespace {

using nlohmann::json;
using test::event;

std::string line(const wire::Event& event) {
    std::string out;
    append_event_json(out, event);
    return out;
}

TEST(EventJson, EveryTypeHasItsNameAndItsFields) {
    const std::vector<std::pair<wire::EventBody, json>> cases{
        {wire::Accepted{3}, {{"type", "accepted"}, {"position", 3}}},
        {wire::Started{"w1"}, {{"type", "started"}, {"worker", "w1"}}},
        {wire::Stage{"phase", wire::StageStatus::skipped, {}, 9, {"a"}},
         {{"type", "stage"},
          {"stage", "phase"},
          {"status", "skipped"},
          {"ms", 9},
          {"defaulted", {"a"}}}},
        {wire::Delta{"x\n", 4}, {{"type", "delta"}, {"text", "x\n"}, {"from", 4}}},
        {wire::Reset{"damaged", 2}, {{"type", "reset"}, {"reason", "damaged"}, {"from", 2}}},
        {wire::Alert{"s", "f", "v"},
         {{"type", "alert"}, {"stage", "s"}, {"field", "f"}, {"value", "v"}}},
        {wire::Failed{Errc::model_cut, "cut", true, 3},
         {{"type", "failed"},
          {"code", "model_cut"},
          {"message", "cut"},
          {"retryable", true},
          {"from", 3}}},
        {wire::Cancelled{"requested"}, {{"type", "cancelled"}, {"reason", "requested"}}},
        {wire::Rejected{Errc::overloaded, "full", 30},
         {{"type", "rejected"},
          {"code", "overloaded"},
          {"message", "full"},
          {"retry_after_ms", 30}}},
        {wire::Other{}, {{"type", "other"}}},
        {wire::Completed{5, "0123456789abcdef", "stop", {1, 2, 3}, {{"total", 7}}, {"phase"}},
         {{"type", "completed"},
          {"text_bytes", 5},
          {"text_hash", "0123456789abcdef"},
          {"finish_reason", "stop"},
          {"timings_ms", {{"total", 7}}},
          {"degraded", {"phase"}},
          {"usage", {{"prompt_tokens", 1}, {"completion_tokens", 2}, {"calls", 3}}}}}};
    for (auto [body, expected] : cases) {
        expected.update({{"turn", "t1"},
                         {"session", "s1"},
                         {"seq", 8},
                         {"attempt", 1},
                         {"at_ms", 1'700'000'000'000}});
        EXPECT_EQ(json::parse(line(event(8, body))), expected);
        EXPECT_EQ(type_of(body), expected["type"]);
    }
}

TEST(EventJson, WithoutATurnOrANumberThereIsNone) {
    wire::Event hello;
    hello.body = wire::Hello{};
    EXPECT_EQ(line(hello), R"({"type":"hello","at_ms":0,"protocol":1})");
    EXPECT_EQ(
        line(event(0, wire::Reset{"damaged"}, 0)),
        R"({"type":"reset","turn":"t1","session":"s1","at_ms":1700000000000,"reason":"damaged"})");
}

TEST(EventJson, TheReaderMayKnowTheTurnByAnotherName) {
    std::string out = "data: ";
    append_event_json(out, event(1, wire::Delta{"a"}), "mine", "ours");
    EXPECT_EQ(out, R"(data: {"type":"delta","turn":"mine","session":"ours","seq":1,"attempt":1,)"
                   R"("at_ms":1700000000000,"text":"a"})");
}

TEST(EventJson, WhatIsNotUtf8IsMendedAndAResultThatIsNoneIsNull) {
    for (const auto& one : {event(1, wire::Delta{"a\xff"}), event(1, wire::Reset{"a\xff"})}) {
        const auto read = json::parse(line(one));
        EXPECT_EQ(read.value("text", read.value("reason", "")), "a\xEF\xBF\xBD");
    }
    const wire::Stage broken{"phase", wire::StageStatus::done, {"\xc1"}, 7};
    EXPECT_TRUE(stage_json(broken)["result"].is_null());
}

}  // namespace
}  // namespace emostage::gateway
