#include "gateway/http/server/whole_turn.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/http/server/recorded_outlet.hpp"

namespace emostage::http {
namespace {

using namespace std::chrono_literals;
using test::RecordedOutlet;
using testing::HasSubstr;
using When = WholeTurn::When;

class WholeTurnTest : public testing::Test {
protected:
    wire::Event event(std::uint64_t seq, wire::EventBody body) const {
        return {"t1", "s1", seq, 1, 1, std::move(body)};
    }
    WholeTurn turn(When when) {
        return WholeTurn(
            when,
            [](const TurnRecord& record) -> ApiResult<WholeTurn::Answer> {
                if (record.status() == TurnRecord::Status::failed) {
                    return tl::unexpected(error_of(*record.end()));
                }
                return WholeTurn::Answer{202, "<" + record.text() + ">"};
            },
            outlet_, {}, now_);
    }
    void feed(WholeTurn& turn, wire::Event one) {
        turn.on_event(one);
        turn.flush(now_);
    }

    TimePoint now_{1h};
    RecordedOutlet outlet_;
};

TEST_F(WholeTurnTest, AnswersAtTheEnd) {
    auto one = turn(When::ended);
    feed(one, event(1, wire::Accepted{}));
    feed(one, event(2, wire::Delta{"Hello"}));
    one.on_time(now_ + 60s);
    EXPECT_FALSE(outlet_.ended);
    feed(one, event(3, wire::Completed{}));
    EXPECT_EQ(outlet_.head.status, 202);
    EXPECT_EQ(outlet_.body, "<Hello>\n");
    EXPECT_TRUE(one.over());
}

TEST_F(WholeTurnTest, AnswersAFailureWithItsStatus) {
    auto one = turn(When::ended);
    feed(one, event(1, wire::Accepted{}));
    feed(one, event(2, wire::Failed{Errc::deadline_exceeded, "late", false}));
    EXPECT_EQ(outlet_.head.status, 504);
}

TEST_F(WholeTurnTest, AnswersWhenTheTurnIsAccepted) {
    auto one = turn(When::accepted);
    one.flush(now_);
    EXPECT_FALSE(outlet_.ended);
    feed(one, event(1, wire::Accepted{}));
    EXPECT_EQ(outlet_.head.status, 202);
    feed(one, event(2, wire::Delta{"late"}));
    EXPECT_EQ(outlet_.body, "<>\n");
}

TEST_F(WholeTurnTest, AnswersARejectionWithItsStatusWheneverItWouldAnswer) {
    for (const When when : {When::accepted, When::settled, When::ended}) {
        outlet_ = {};
        auto one = turn(when);
        feed(one, event(0, wire::Rejected{Errc::unknown_turn, "not kept", {}}));
        EXPECT_EQ(outlet_.head.status, 404);
        EXPECT_THAT(outlet_.body, HasSubstr("unknown_turn"));
    }
}

TEST_F(WholeTurnTest, AnswersWhatTheClientLibraryGaveUpOnAsAnError) {
    auto one = turn(When::settled);
    feed(one, event(0, wire::Failed{Errc::unavailable, "nothing is heard", true}));
    EXPECT_EQ(outlet_.head.status, 503);
    EXPECT_NE(outlet_.field("Retry-After"), "");
}

TEST_F(WholeTurnTest, SettlesWhenARunningTurnFallsSilent) {
    auto one = turn(When::settled);
    one.on_time(now_ + 10s);
    EXPECT_FALSE(outlet_.ended);  // nothing was heard yet
    feed(one, event(1, wire::Accepted{}));
    now_ += 30ms;
    feed(one, event(2, wire::Delta{"Hel"}));
    EXPECT_EQ(one.next_time(), now_ + 40ms);
    one.on_time(now_ + 39ms);
    EXPECT_FALSE(outlet_.ended);
    one.on_time(now_ + 40ms);
    EXPECT_EQ(outlet_.body, "<Hel>\n");
}

TEST_F(WholeTurnTest, DoesNotWaitForARunningTurnToFallSilentForLong) {
    auto one = turn(When::settled);
    const auto began = now_;
    for (std::uint64_t seq = 1; !outlet_.ended && seq < 100; ++seq) {
        feed(one, event(seq, wire::Delta{"x"}));
        now_ += 20ms;
        one.on_time(now_);
    }
    EXPECT_TRUE(outlet_.ended);
    EXPECT_LE(now_ - began, 270ms);
}

TEST_F(WholeTurnTest, AnswersAnEndedTurnAtOnceWhereItSettles) {
    auto one = turn(When::settled);
    feed(one, event(4, wire::Cancelled{"requested"}));
    EXPECT_TRUE(outlet_.ended);
}

TEST_F(WholeTurnTest, WaitsNoLongerThanItsLimit) {
    auto one = turn(When::ended);
    one.on_time(now_ + WholeLimits{}.length);
    EXPECT_EQ(outlet_.head.status, 504);
}

}  // namespace
}  // namespace emostage::http
