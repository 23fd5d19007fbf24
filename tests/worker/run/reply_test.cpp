#include "worker/run/reply.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using Next = Reply::Next;
using wire::OnLost;

TEST(Reply, WithoutAWordIsBegunWhateverIsAskedFor) {
    for (const auto on_lost : {OnLost::go_on, OnLost::reset, OnLost::fail}) {
        EXPECT_EQ(Reply("", on_lost, 10).next(true), Next::begin);
        EXPECT_EQ(Reply("", on_lost, 10).next(false), Next::begin);
    }
}

TEST(Reply, ThatWasBegunDoesWhatItsTurnAsksForAndItsServersCan) {
    EXPECT_EQ(Reply("a", OnLost::go_on, 10).next(true), Next::go_on);
    EXPECT_EQ(Reply("a", OnLost::go_on, 10).next(false), Next::reset);
    EXPECT_EQ(Reply("a", OnLost::reset, 10).next(true), Next::reset);
    EXPECT_EQ(Reply("a", OnLost::reset, 10).next(false), Next::reset);
    EXPECT_EQ(Reply("a", OnLost::fail, 10).next(true), Next::go_on);
    EXPECT_EQ(Reply("a", OnLost::fail, 10).next(false), Next::fail);
}

TEST(Reply, DoesNotGoOnOnceThatWasRefused) {
    Reply reply("a", OnLost::go_on, 10);
    reply.refuse_to_continue();
    EXPECT_EQ(reply.next(true), Next::reset);
    reply.forget();
    EXPECT_EQ(reply.next(true), Next::begin);
}

TEST(Reply, ThatIsFullOnlyNeedsItsEnd) {
    Reply reply("", OnLost::reset, 3);
    EXPECT_EQ(reply.room(), 3u);
    reply.append("abc");
    EXPECT_EQ(reply.room(), 0u);
    EXPECT_EQ(reply.next(false), Next::full);
    EXPECT_EQ(Reply("abcd", OnLost::go_on, 3).room(), 0u);
}

TEST(Reply, HashesAllThatReadersHold) {
    Reply reply("That ", OnLost::go_on, 100);
    reply.append("sounds");
    EXPECT_EQ(reply.text(), "That sounds");
    EXPECT_EQ(reply.hash(), codec::text_hash("That sounds"));
}

}  // namespace
}  // namespace emostage::worker
