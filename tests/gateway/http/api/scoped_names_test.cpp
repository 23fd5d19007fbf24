#include <gtest/gtest.h>

#include "core/codec/codec.hpp"
#include "gateway/http/api/turn_request.hpp"

namespace emostage::http {
namespace {

TEST(ScopedNames, ATurnHasItsScopeBeforeItAndLosesItAgain) {
    EXPECT_EQ(*scoped_turn("", "t1"), "t1");
    EXPECT_EQ(*scoped_turn("alice", "t1"), "alice:t1");
    EXPECT_EQ(client_turn("", "t1"), "t1");
    EXPECT_EQ(client_turn("alice", "alice:t1"), "t1");
    EXPECT_EQ(client_turn("", "a:b"), "a:b");
    // The longest that there are still make an id.
    EXPECT_TRUE(
        codec::is_id(*scoped_turn(std::string(16, 's'), std::string(client_id_bytes_max, 't'))));
}

TEST(ScopedNames, WhatIsNoIdNamesNoTurn) {
    for (const std::string& id : {std::string(), std::string("a b"), std::string("a/b"),
                                  std::string("ä"), std::string(41, 'a'), std::string("a\0b", 3)}) {
        ASSERT_FALSE(scoped_turn("alice", id)) << id;
        EXPECT_EQ(scoped_turn("alice", id).error().status, 400);
    }
}

TEST(ScopedNames, ASessionKeepsANameThatIsAnId) {
    EXPECT_EQ(session_id("", "anna"), "anna");
    EXPECT_EQ(session_id("alice", "anna"), "alice:anna");
    EXPECT_EQ(client_turn("alice", session_id("alice", "anna")), "anna");
    EXPECT_EQ(session_id("", std::string(64, 'a')), std::string(64, 'a'));
}

TEST(ScopedNames, AnyOtherNameIsHashedAndNeverShared) {
    // echo -n 'anna@example.org' | sha256sum, its first half
    EXPECT_EQ(session_id("", "anna@example.org"), "a3bf86238a1c59bd2f0a648af9293620");
    EXPECT_EQ(session_id("alice", "anna@example.org"), "alice:a3bf86238a1c59bd2f0a648af9293620");
    const std::string at_the_edge(64 - 6, 'a');
    EXPECT_EQ(session_id("alice", at_the_edge), "alice:" + at_the_edge);
    for (const std::string& name :
         {at_the_edge + "a", std::string(65, 'a'), std::string("名前"), std::string(" "),
          std::string("a\0b", 3), std::string(100'000, 'x')}) {
        const auto id = session_id("alice", name);
        EXPECT_TRUE(codec::is_id(id));
        EXPECT_EQ(id.size(), 6u + 32u);
        EXPECT_NE(id, session_id("alice", name + "y"));
        EXPECT_NE(id, session_id("bob", name));
    }
}

TEST(ScopedNames, ScopesDoNotMeet) {
    EXPECT_NE(session_id("a", "b:c"), session_id("a:b", "c:c"));
    EXPECT_EQ(client_turn("al", "alice:t1"), "alice:t1");  // not his
}

}  // namespace
}  // namespace emostage::http
