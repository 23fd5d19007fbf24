#include <gtest/gtest.h>

#include "gateway/http/api/turn_record.hpp"
#include "tests/gateway/http/api/told.hpp"

namespace emostage::http {
namespace {

using namespace test;

std::vector<std::string> types(const std::vector<Told>& told) {
    std::vector<std::string> all;
    for (const auto& one : told) all.push_back(one.type);
    return all;
}

std::vector<std::uint64_t> numbers(const std::vector<Told>& told) {
    std::vector<std::uint64_t> all;
    for (const auto& one : told) all.push_back(one.object()["sequence_number"]);
    return all;
}

std::string text_of(const std::vector<Told>& told) {
    std::string text;
    for (const auto& one : told) {
        if (one.type == "response.output_text.delta") text += one.object()["delta"];
    }
    return text;
}

const std::string reply = "You are \"tired\".\n";

TEST(ResponseStream, ATurnIsToldInOpenAIsEventsUnderOurNumbers) {
    const auto stream = make_response_stream(head(), false, false);
    const auto told = tell(*stream, turn());
    EXPECT_EQ(
        types(told),
        (std::vector<std::string>{
            "response.created", "response.in_progress", "response.output_item.added",
            "response.content_part.added", "response.output_text.delta",
            "response.output_text.delta", "response.output_text.delta", "response.output_text.done",
            "response.content_part.done", "response.output_item.done", "response.completed"}));
    EXPECT_EQ(numbers(told), (std::vector<std::uint64_t>{1, 1, 1, 2, 4, 5, 6, 6, 6, 6, 7}));
    for (const auto& one : told) EXPECT_EQ(one.object()["type"], one.type);

    const auto created = told[0].object()["response"];
    EXPECT_EQ(created["id"], "resp_t1");
    EXPECT_EQ(created["object"], "response");
    EXPECT_EQ(created["status"], "in_progress");
    EXPECT_EQ(created["created_at"], 1'700'000'000);
    EXPECT_EQ(created["output"], json::array());
    EXPECT_TRUE(created["usage"].is_null() && created["error"].is_null());
    for (const auto* name :
         {"incomplete_details", "instructions", "metadata", "model", "parallel_tool_calls",
          "temperature", "tool_choice", "tools", "top_p", "background"}) {
        EXPECT_TRUE(created.contains(name)) << name;
    }
    EXPECT_EQ(told[2].object()["item"], (json{{"id", "msg_t1"},
                                              {"type", "message"},
                                              {"status", "in_progress"},
                                              {"role", "assistant"},
                                              {"content", json::array()}}));
    const json part{{"type", "output_text"},
                    {"text", reply},
                    {"annotations", json::array()},
                    {"logprobs", json::array()}};
    EXPECT_EQ(told[5].data,
              R"({"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_t1",)"
              R"("output_index":0,"content_index":0,"delta":"are ","logprobs":[]})");
    EXPECT_EQ(told[7].object()["text"], reply);
    EXPECT_EQ(told[8].object()["part"], part);
    EXPECT_EQ(told[9].object()["item"]["content"], json::array({part}));
    EXPECT_EQ(told[9].object()["item"]["status"], "completed");
    const auto whole = told[10].object()["response"];
    EXPECT_EQ(whole["status"], "completed");
    EXPECT_EQ(whole["output"][0]["content"][0]["text"], reply);
    EXPECT_EQ(whole["usage"]["input_tokens"], 30);
    EXPECT_EQ(whole["usage"]["output_tokens"], 5);
    EXPECT_EQ(whole["usage"]["total_tokens"], 35);
    EXPECT_TRUE(stream->over());
    EXPECT_FALSE(stream->needs_record());
}

TEST(ResponseStream, StagesAreForThoseWhoAskAndABackgroundResponseIsQueuedFirst) {
    const auto stream = make_response_stream(head(), true, true);
    const auto told = tell(*stream, turn());
    EXPECT_EQ(told[0].object()["response"]["status"], "queued");
    EXPECT_EQ(told[0].object()["response"]["background"], true);
    const auto stage = told[4].object();
    EXPECT_EQ(told[4].type, "response.in_progress");
    EXPECT_EQ(stage["sequence_number"], 3);
    EXPECT_EQ(stage["emostage"]["stage"]["result"]["phase"], "acting");
    // Who takes the response out of it has what it had: a message with an empty part.
    EXPECT_EQ(stage["response"]["status"], "in_progress");
    EXPECT_EQ(stage["response"]["output"][0]["content"][0]["text"], "");
    EXPECT_EQ(stage["response"]["output"][0]["status"], "in_progress");
}

// Cut anywhere, resumed after the last number that came: all of the text once, the message begun.
TEST(ResponseStream, AResumeAfterAnyNumberGoesOnWhereTheOtherStreamWasCut) {
    const auto events = turn();
    TurnRecord record;
    for (const auto& one : events) record.on_event(one);
    const auto whole = tell(*make_response_stream(head(), false, true), events);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        const std::vector<Told> first(whole.begin(), whole.begin() + static_cast<long>(cut));
        const std::uint64_t after = cut == 0 ? 0 : numbers(first).back();
        for (const bool from_start : {false, true}) {
            const auto stream = make_response_stream(head(), false, true, after);
            std::string out;
            for (const auto& one : events) {
                if ((from_start || one.seq > after) && !stream->over()) stream->on_event(one, out);
            }
            if (stream->needs_record()) stream->finish(record, out);
            const auto second = frames(out);
            if (after == events.back().seq) {
                EXPECT_TRUE(second.empty());
                EXPECT_EQ(stream->over(), from_start);  // else its end does not come again
                continue;
            }
            EXPECT_TRUE(stream->over());
            EXPECT_EQ(text_of(first) + text_of(second), reply) << cut;
            // What may come twice is what had the last number, and nothing is missing.
            std::vector<std::string> rest = types(second), all = types(whole);
            ASSERT_LE(rest.size(), all.size());
            EXPECT_TRUE(std::equal(rest.rbegin(), rest.rend(), all.rbegin())) << cut;
            EXPECT_GE(first.size() + second.size(), whole.size()) << cut;
            ASSERT_FALSE(second.empty());
            EXPECT_EQ(second.back().data, whole.back().data);
        }
    }
}

TEST(ResponseStream, TheEndOfAResumedStreamWaitsForTheWholeText) {
    const auto events = turn();
    const auto stream = make_response_stream(head(), false, false, 4);
    const auto told = tell(*stream, {events[4], events[5], events[6]});
    EXPECT_EQ(told.size(), 2u);
    EXPECT_TRUE(stream->needs_record());
    EXPECT_FALSE(stream->over());
    TurnRecord record;
    for (const auto& one : events) record.on_event(one);
    std::string out;
    stream->finish(record, out);
    EXPECT_EQ(frames(out).back().object()["response"]["output"][0]["content"][0]["text"], reply);
    EXPECT_TRUE(stream->over());
    EXPECT_FALSE(stream->needs_record());
}

TEST(ResponseStream, MergedDeltasBearTheirLastNumberAndNoneIsToldInPart) {
    const auto events = turn();
    auto told = tell(*make_response_stream(head(), false, false),
                     {events[0], events[1], events[2], merged(events, 4, 6), events[6]});
    EXPECT_EQ(numbers(told), (std::vector<std::uint64_t>{1, 1, 1, 2, 6, 6, 6, 6, 7}));
    EXPECT_EQ(text_of(told), reply);

    told = tell(*make_response_stream(head(), false, false, 4), {merged(events, 5, 6)});
    EXPECT_EQ(numbers(told), std::vector<std::uint64_t>{6});

    const auto stream = make_response_stream(head(), false, false, 5);
    told = tell(*stream, {events[0], events[1], events[2], merged(events, 4, 6)});
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].object()["response"]["error"]["code"], "reply_restarted");
    EXPECT_TRUE(stream->over());
}

TEST(ResponseStream, AFailureHasTheObjectAndACancelItsStatus) {
    for (const auto& [end, status, code] :
         std::vector<std::tuple<wire::EventBody, std::string, std::string>>{
             {wire::Failed{Errc::model_cut, "cut", true}, "failed", "model_cut"},
             {wire::Cancelled{"requested"}, "cancelled", "cancelled"}}) {
        const auto stream = make_response_stream(head(), false, false);
        const auto told = tell(
            *stream, numbered({wire::Accepted{0}, wire::Started{"w"}, wire::Delta{"You "}, end}));
        EXPECT_EQ(told.back().type, "response.failed");
        EXPECT_EQ(told.back().object()["sequence_number"], 4);
        const auto response = told.back().object()["response"];
        EXPECT_EQ(response["status"], status);
        EXPECT_EQ(response["error"]["code"], code);
        EXPECT_EQ(response["output"][0]["status"], "incomplete");
        EXPECT_FALSE(told.back().object().contains("error"));
        EXPECT_TRUE(stream->over());
    }
}

TEST(ResponseStream, WhatFailsBeforeThereIsAResponseIsAnErrorEvent) {
    const auto stream = make_response_stream(head(), false, false);
    std::string out;
    stream->on_event(event(0, wire::Rejected{Errc::overloaded, "full", 30}, 0), out);
    const auto told = frames(out);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].type, "error");
    const auto error = told[0].object();
    EXPECT_EQ(error["type"], "error");
    EXPECT_EQ(error["code"], "overloaded");
    EXPECT_EQ(error["message"], "full");
    EXPECT_EQ(error["sequence_number"], 0);
    EXPECT_EQ(error["error"]["type"], "rate_limit_error");
    EXPECT_TRUE(stream->over());
}

TEST(ResponseStream, AResetBeforeAnyWordIsNotToldAndAfterOneItFailsTheResponse) {
    auto told = tell(*make_response_stream(head(), false, false),
                     numbered({wire::Accepted{0}, wire::Started{"w1"}, wire::Reset{"worker_lost"},
                               wire::Started{"w2"}, wire::Delta{"Yes."}, completed("Yes.")}));
    EXPECT_EQ(text_of(told), "Yes.");
    EXPECT_EQ(told.back().type, "response.completed");

    const auto stream = make_response_stream(head(), false, false);
    told = tell(*stream, numbered({wire::Accepted{0}, wire::Started{"w1"}, wire::Delta{"No"},
                                   wire::Reset{"worker_lost"}, wire::Delta{"Yes."}}));
    EXPECT_EQ(told.back().object()["response"]["error"]["code"], "reply_restarted");
    EXPECT_TRUE(stream->over());

    // Resumed in the middle: words have been told, though not by this stream.
    told = tell(*make_response_stream(head(), false, false, 5),
                {event(6, wire::Reset{"worker_lost"}, 2)});
    EXPECT_EQ(told.back().object()["response"]["error"]["code"], "reply_restarted");
}

TEST(ResponseStream, NumbersNeverGoDown) {
    // The broker lost its state before a word was told: all begins anew, under smaller numbers.
    auto events = numbered({wire::Accepted{0}, wire::Started{"w1"}, phase(), phase(), phase()});
    events.push_back(event(0, wire::Reset{"broker_changed"}, 0));
    for (const auto& one : turn()) events.push_back(one);
    const auto stream = make_response_stream(head(), false, true);
    auto told = tell(*stream, events);
    auto order = numbers(told);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(text_of(told), reply);
    const auto all = types(told);
    EXPECT_EQ(std::count(all.begin(), all.end(), "response.output_item.added"), 1);

    // An end that the client library made.
    const auto given_up = make_response_stream(head(), false, false);
    events = turn();
    events.resize(5);
    events.push_back(event(0, wire::Failed{Errc::unavailable, "silent", true}, 0));
    told = tell(*given_up, events);
    EXPECT_EQ(told.back().type, "response.failed");
    EXPECT_EQ(told.back().object()["sequence_number"], 5);
}

TEST(ResponseStream, AReplyThatIsTooLongIsIncomplete) {
    auto end = completed("You");
    end.finish_reason = "length";
    const auto told =
        tell(*make_response_stream(head(), false, false),
             numbered({wire::Accepted{0}, wire::Started{"w"}, wire::Delta{"You"}, end}));
    EXPECT_EQ(told.back().type, "response.incomplete");
    const auto response = told.back().object()["response"];
    EXPECT_EQ(response["status"], "incomplete");
    EXPECT_EQ(response["incomplete_details"]["reason"], "max_output_tokens");
    EXPECT_EQ(response["output"][0]["status"], "incomplete");
}

}  // namespace
}  // namespace emostage::http
