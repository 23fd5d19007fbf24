#include "gateway/http/api/turn_record.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/http/api/told.hpp"

namespace emostage::http {
namespace {

using namespace test;
using Status = TurnRecord::Status;

TurnRecord recorded(const std::vector<wire::Event>& events) {
    TurnRecord record;
    for (const auto& one : events) record.on_event(one);
    return record;
}

const std::string reply = "You are \"tired\".\n";

TEST(TurnRecord, AWholeTurnIsAChatCompletion) {
    const auto whole = chat_json(recorded(turn()), head(), false);
    EXPECT_EQ(
        json::parse(whole),
        (json{{"id", "chatcmpl-t1"},
              {"object", "chat.completion"},
              {"created", 1'700'000'000},
              {"model", "emostage"},
              {"system_fingerprint", nullptr},
              {"choices",
               {{{"index", 0},
                 {"message", {{"role", "assistant"}, {"content", reply}, {"refusal", nullptr}}},
                 {"logprobs", nullptr},
                 {"finish_reason", "stop"}}}},
              {"usage", {{"prompt_tokens", 30}, {"completion_tokens", 5}, {"total_tokens", 35}}}}));
}

TEST(TurnRecord, WithStagesThereIsWhatTheyFoundAndHowItEnded) {
    const auto extra = json::parse(chat_json(recorded(turn()), head(), true))["emostage"];
    EXPECT_EQ(extra["stages"][0]["result"]["phase"], "acting");
    EXPECT_EQ(extra["degraded"], json{"phase.confidence"});
    EXPECT_EQ(extra["text_bytes"], reply.size());
    EXPECT_TRUE(extra.contains("timings_ms") && extra.contains("text_hash"));
}

TEST(TurnRecord, AResetForgetsTheTextAndAStageThatComesAgainReplacesTheFirst) {
    auto events = turn();
    events.resize(6);
    events.push_back(event(0, wire::Reset{"damaged"}, 0));
    auto again = phase();
    again.ms = 99;
    events.push_back(event(3, again));
    events.push_back(event(4, wire::Delta{"You "}));
    const auto record = recorded(events);
    EXPECT_EQ(record.text(), "You ");
    ASSERT_EQ(record.stages().size(), 1u);
    EXPECT_EQ(record.stages()[0].ms, 99);
    EXPECT_EQ(record.seq(), 4u);
    EXPECT_EQ(record.status(), Status::running);
}

TEST(TurnRecord, AResponseIsToldAsItIsNow) {
    const auto events = turn();
    const std::vector<std::pair<std::size_t, std::string>> after{
        {0, "queued"}, {1, "queued"}, {2, "in_progress"}, {5, "in_progress"}, {7, "completed"}};
    for (const auto& [count, status] : after) {
        const auto record = recorded({events.begin(), events.begin() + static_cast<long>(count)});
        const auto response = json::parse(response_json(record, head(), true));
        EXPECT_EQ(response["status"], status) << count;
        EXPECT_EQ(response["id"], "resp_t1");
        EXPECT_EQ(response["background"], true);
        EXPECT_EQ(response["usage"].is_null(), status != "completed");
        if (record.text().empty()) {
            EXPECT_EQ(response["output"], json::array());
        } else {
            EXPECT_EQ(response["output"][0]["status"], status);
            EXPECT_EQ(response["output"][0]["content"][0]["text"], record.text());
        }
    }
    const auto failed = json::parse(response_json(
        recorded(numbered({wire::Accepted{0}, wire::Failed{Errc::deadline_exceeded, "late"}})),
        head(), false));
    EXPECT_EQ(failed["status"], "failed");
    EXPECT_EQ(failed["error"], (json{{"code", "deadline_exceeded"}, {"message", "late"}}));
    const auto cancelled = json::parse(response_json(
        recorded(numbered({wire::Accepted{0}, wire::Cancelled{"requested"}})), head(), false));
    EXPECT_EQ(cancelled["status"], "cancelled");
}

TEST(TurnRecord, ATurnIsToldAsItIsNowUnderItsClientsNames) {
    auto events = turn();
    for (auto& one : events) {
        one.turn = "alice:t1";
        one.session = "alice:anna";
    }
    const auto whole = json::parse(turn_json(recorded(events), "t1"));
    EXPECT_EQ(whole["turn"], "t1");
    EXPECT_EQ(whole["session"], "anna");
    EXPECT_EQ(whole["status"], "completed");
    EXPECT_EQ(whole["seq"], 7);
    EXPECT_EQ(whole["text"], reply);
    EXPECT_EQ(whole["stages"][0]["stage"], "phase");
    EXPECT_EQ(whole["end"]["type"], "completed");
    EXPECT_EQ(whole["end"]["turn"], "t1");
    EXPECT_EQ(whole["end"]["session"], "anna");

    const auto running = json::parse(turn_json(recorded({turn()[0], turn()[1]}), "t1"));
    EXPECT_EQ(running["status"], "running");
    EXPECT_EQ(running["session"], "s1");
    EXPECT_FALSE(running.contains("end"));

    const auto rejected = json::parse(
        turn_json(recorded({event(0, wire::Rejected{Errc::overloaded, "full", 9}, 0)}), "t1"));
    EXPECT_EQ(rejected["status"], "failed");
    EXPECT_EQ(rejected["seq"], 0);
}

TEST(TurnRecord, PipelinesAreModels) {
    EXPECT_EQ(models_json({}), R"({"object":"list","data":[]})");
    const auto models = json::parse(models_json({"base", "emostage"}));
    EXPECT_EQ(models["data"].size(), 2u);
    EXPECT_EQ(models["data"][1], json::parse(model_json("emostage")));
    EXPECT_EQ(models["data"][1]["id"], "emostage");
    EXPECT_EQ(models["data"][1]["object"], "model");
    EXPECT_TRUE(models["data"][1]["created"].is_number_integer());
}

}  // namespace
}  // namespace emostage::http
