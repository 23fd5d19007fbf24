#include <gtest/gtest.h>

#include "tests/gateway/http/api/told.hpp"

namespace emostage::http {
namespace {

using namespace test;

TEST(TurnStream, EachEventHasItsNumberItsTypeAndItsFields) {
    const auto stream = make_turn_stream("");
    std::string out;
    stream->on_event(turn()[4], out);
    EXPECT_EQ(out,
              "id: 5\nevent: delta\ndata: {\"type\":\"delta\",\"turn\":\"t1\",\"session\":\"s1\","
              "\"seq\":5,\"attempt\":1,\"at_ms\":1700000000000,\"text\":\"are \"}\n\n");
    const auto told = tell(*make_turn_stream(""), turn());
    ASSERT_EQ(told.size(), 7u);
    for (std::size_t i = 0; i < told.size(); ++i) {
        EXPECT_EQ(told[i].id, std::to_string(i + 1));
        EXPECT_EQ(told[i].object()["type"], told[i].type);
        EXPECT_EQ(told[i].object()["seq"], i + 1);
    }
    EXPECT_EQ(told.back().type, "completed");
}

TEST(TurnStream, ItIsOverWithTheEndAndNotBefore) {
    for (const wire::EventBody& end : std::vector<wire::EventBody>{
             completed(""), wire::Failed{}, wire::Cancelled{}, wire::Rejected{}}) {
        const auto stream = make_turn_stream("");
        std::string out;
        stream->on_event(event(1, wire::Accepted{0}), out);
        EXPECT_FALSE(stream->over());
        stream->on_event(event(2, end), out);
        EXPECT_TRUE(stream->over());
    }
}

TEST(TurnStream, AClientOfAScopeSeesItsOwnNames) {
    auto one = event(3, wire::Delta{"x"}, 1, "alice:t1");
    one.session = "alice:anna";
    const auto told = tell(*make_turn_stream("alice"), {one});
    EXPECT_EQ(told[0].object()["turn"], "t1");
    EXPECT_EQ(told[0].object()["session"], "anna");

    // A session that is known only later.
    auto first = one;
    first.session.clear();
    const auto later = tell(*make_turn_stream("alice"), {first, one});
    EXPECT_FALSE(later[0].object().contains("session"));
    EXPECT_EQ(later[1].object()["session"], "anna");
}

TEST(TurnStream, AMergedDeltaSaysFromWhichNumberOnItStands) {
    const auto events = turn();
    const auto told = tell(*make_turn_stream(""), {merged(events, 4, 6)});
    EXPECT_EQ(told[0].id, "6");
    EXPECT_EQ(told[0].object()["from"], 4);
    EXPECT_EQ(told[0].object()["text"], "You are \"tired\".\n");
}

TEST(TurnStream, WhatTheClientLibraryMadeHasNoNumberAndAResetBringsReadersToTheStart) {
    const auto told = tell(*make_turn_stream(""),
                           {event(0, wire::Reset{"damaged"}, 0), event(0, wire::Failed{}, 0)});
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].id, "0");
    EXPECT_FALSE(told[0].object().contains("seq"));
    EXPECT_FALSE(told[1].id.has_value());
}

TEST(TurnStream, AServersFailureIsAnEventOfItsOwn) {
    const auto stream = make_turn_stream("");
    std::string out;
    stream->fail(api_error(Errc::unavailable, "draining"), out);
    EXPECT_EQ(frames(out)[0].type, "error");
    EXPECT_EQ(frames(out)[0].object()["error"]["code"], "unavailable");
    EXPECT_TRUE(stream->over());
}

TEST(TurnStream, EventsOfATypeToComeAreLeftOut) {
    EXPECT_TRUE(tell(*make_turn_stream(""), {event(3, wire::Other{})}).empty());
}

}  // namespace
}  // namespace emostage::http
