#include "tests/sim/published.hpp"

#include <gtest/gtest.h>

#include "core/codec/hash.hpp"
#include "tests/sim/script.hpp"

namespace emostage::sim {
namespace {

// A checker that sees nothing would call every seed good.
class PublishedTest : public testing::Test {
protected:
    std::size_t take(std::uint64_t seq, wire::EventBody body, std::uint32_t attempt = 1) {
        return published.take({"t", "s", seq, attempt, 0, std::move(body)}).size();
    }
    void begin() {
        EXPECT_EQ(take(1, wire::Accepted{}, 0), 0u);
        EXPECT_EQ(take(2, wire::Started{"w"}), 0u);
        EXPECT_EQ(take(3, wire::Delta{"one ", 0}), 0u);
        EXPECT_EQ(take(4, wire::Delta{"two", 0}), 0u);
    }
    Published published;
};

TEST_F(PublishedTest, WhatComesTwiceIsFine) {
    begin();
    EXPECT_EQ(take(4, wire::Delta{"two", 0}), 0u);
    EXPECT_EQ(take(4, wire::Delta{"one two", 3}), 0u);
    EXPECT_EQ(take(2, wire::Started{"w"}), 0u);
    EXPECT_EQ(take(5, wire::Delta{"one two three", 3}), 0u) << "a replay that knows more";
    EXPECT_EQ(published.text(), "one two three");
}

TEST_F(PublishedTest, TwoContentsOfANumberAreSeen) {
    begin();
    EXPECT_GT(take(4, wire::Delta{"too", 0}), 0u);
    EXPECT_GT(take(4, wire::Delta{"one too", 3}), 0u);
    EXPECT_GT(take(2, wire::Started{"x"}), 0u);
    EXPECT_GT(take(5, wire::Delta{"one too three", 3}), 0u);
    EXPECT_GT(take(3, wire::Reset{"worker_lost"}), 0u);
}

TEST_F(PublishedTest, WhatIsLeftOfADeltaWhoseEndIsVoidIsItsBeginning) {
    begin();
    EXPECT_EQ(take(6, wire::Delta{"three four", 5}), 0u);
    published.broker_died();
    EXPECT_EQ(take(20, wire::Cancelled{"requested", 6}), 0u);
    EXPECT_GT(take(5, wire::Delta{"four", 0}), 0u);
    EXPECT_EQ(published.text(), std::nullopt);
    EXPECT_EQ(take(5, wire::Delta{"three ", 0}), 0u);
    EXPECT_EQ(published.text(), "one twothree ");
    EXPECT_GT(take(5, wire::Delta{"three", 0}), 0u);
}

TEST_F(PublishedTest, AHoleIsSeen) {
    begin();
    EXPECT_GT(take(6, wire::Delta{"three", 0}), 0u);
    EXPECT_GT(take(9, wire::Reset{"broker_lost", 8}), 0u);
}

TEST_F(PublishedTest, ABrokerThatDiedMaySkipWhatItStoredAndOnlyOnce) {
    begin();
    published.broker_died();
    EXPECT_EQ(take(7, wire::Delta{"five", 0}), 0u);
    EXPECT_EQ(published.text(), std::nullopt);
    EXPECT_GT(take(9, wire::Delta{"seven", 0}), 0u);
}

TEST_F(PublishedTest, WhatIsUntoldIsToldLaterAndOneWay) {
    begin();
    published.broker_died();
    EXPECT_EQ(take(7, wire::Delta{" five", 0}), 0u);
    EXPECT_EQ(take(8, wire::Delta{" six", 0}), 0u);
    EXPECT_EQ(take(5, wire::Delta{" three", 0}), 0u);
    EXPECT_GT(take(5, wire::Delta{" thirty", 0}), 0u);
    EXPECT_GT(take(7, wire::Delta{" three four fife", 5}), 0u);
    EXPECT_GT(take(7, wire::Delta{"two thirty four five", 4}), 0u);
    EXPECT_EQ(take(7, wire::Delta{"two three four five", 4}), 0u);
    EXPECT_EQ(published.text(), "one two three four five six");
    EXPECT_GT(take(6, wire::Delta{" for", 0}), 0u);
}

TEST_F(PublishedTest, WhatIsVoidMayBeUntoldToo) {
    begin();
    published.broker_died();
    EXPECT_EQ(take(19, wire::Started{"w"}, 2), 0u);
    EXPECT_EQ(take(18, wire::Reset{"worker_lost", 3}), 0u);
    EXPECT_EQ(take(18, wire::Reset{"worker_lost", 3}), 0u);
    EXPECT_EQ(published.text(), "");
    EXPECT_GT(take(18, wire::Reset{"worker_lost", 2}), 0u);
    EXPECT_GT(take(19, wire::Reset{"worker_lost", 4}), 0u);
}

TEST_F(PublishedTest, WhatAResetDeclaresVoidMayHaveBeenAnything) {
    begin();
    EXPECT_EQ(take(100, wire::Reset{"broker_lost", 4}, 2), 0u);
    EXPECT_EQ(published.voided(), 1u);
    EXPECT_EQ(published.text(), "");
    EXPECT_EQ(take(100, wire::Reset{"broker_lost", 4}, 2), 0u) << "said again";
    EXPECT_GT(take(100, wire::Reset{"broker_lost", 3}, 2), 0u) << "said otherwise";
    EXPECT_GT(take(4, wire::Delta{"two", 0}), 0u) << "what is void is not said again";
}

TEST_F(PublishedTest, AStageThatRanAgainIsSeen) {
    begin();
    EXPECT_EQ(take(5, wire::Stage{"phase", wire::StageStatus::done, {}, 3}), 0u);
    EXPECT_EQ(take(6, wire::Stage{"perspective", wire::StageStatus::failed, {}, 3}), 0u);
    EXPECT_GT(take(7, wire::Stage{"phase", wire::StageStatus::done, {}, 4}, 2), 0u);
}

TEST_F(PublishedTest, APromisedEventIsNeverVoid) {
    begin();
    EXPECT_EQ(take(5, wire::Cancelled{"requested"}), 0u);
    EXPECT_GT(take(100, wire::Reset{"broker_lost", 4}, 2), 0u);
}

TEST_F(PublishedTest, AnythingAfterTheEndIsSeen) {
    begin();
    EXPECT_EQ(take(5, wire::Cancelled{"requested"}), 0u);
    EXPECT_GT(take(6, wire::Delta{"three", 0}), 0u);
}

TEST_F(PublishedTest, AnOlderAttemptIsSeen) {
    begin();
    EXPECT_EQ(take(5, wire::Delta{"three", 0}, 2), 0u);
    EXPECT_EQ(published.continued(), 1u);
    EXPECT_GT(take(6, wire::Delta{"four", 0}, 1), 0u);
}

TEST_F(PublishedTest, WhatGoesOnAfterUntoldNumbersMayHaveBeenTakenBackThere) {
    begin();
    published.broker_died();
    EXPECT_EQ(take(6, wire::Delta{"one ", 0}, 2), 0u);
    EXPECT_EQ(published.continued(), 0u) << "5 may be a reset";
    EXPECT_EQ(take(7, wire::Delta{"two", 0}, 3), 0u);
    EXPECT_EQ(published.continued(), 1u);
}

TEST(Judge, KnowsAWholeReplyFromAnyOther) {
    const auto whole = reply_script("t", 3);
    const auto as = [](const std::string& text) {
        wire::Completed completed;
        completed.text_bytes = text.size();
        completed.text_hash = codec::text_hash(text);
        completed.finish_reason = "stop";
        return completed;
    };
    EXPECT_EQ(judge("t", as(whole), whole), "");
    EXPECT_NE(judge("t", as(whole), whole + "!"), "") << "not what was shown";
    EXPECT_NE(judge("t", as(whole + whole), whole + whole), "") << "doubled";
    const auto cut = whole.substr(0, whole.size() - 1);
    EXPECT_NE(judge("t", as(cut), cut), "") << "cut";
    const auto begun = whole.substr(0, 3);
    auto too_long = as(begun);
    too_long.finish_reason = "length";
    EXPECT_NE(judge("t", too_long, begun), "") << "cut, and called too long";
    const auto mixed = whole.substr(0, 8) + reply_script("t", 4).substr(8);
    EXPECT_NE(judge("t", as(mixed), mixed), "") << "of two attempts";
    EXPECT_NE(judge("other", as(whole), whole), "") << "of another turn";
}

}  // namespace
}  // namespace emostage::sim
