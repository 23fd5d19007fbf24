#include "gateway/http/server/stream_turn.hpp"

#include <gtest/gtest.h>

#include "gateway/http/api/turn_record.hpp"
#include "tests/gateway/http/server/recorded_outlet.hpp"

namespace emostage::http {
namespace {

using namespace std::chrono_literals;
using test::RecordedOutlet;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class StreamTurnTest : public testing::Test {
protected:
    wire::Event event(std::uint64_t seq, wire::EventBody body) const {
        return {"t1", "s1", seq, 1, 1'700'000'000'000, std::move(body)};
    }
    wire::Event completed(std::uint64_t seq) const {
        wire::Completed end;
        end.finish_reason = "stop";
        return event(seq, end);
    }
    StreamTurn chat() {
        return StreamTurn(make_chat_stream({"t1", "emostage", 1}, false, false), outlet_, limits_,
                          now_);
    }
    StreamTurn native(std::uint64_t after = 0) {
        return StreamTurn(make_turn_stream(""), outlet_, limits_, now_,
                          StreamTurn::Resume{after, true});
    }

    TimePoint now_{1h};
    StreamLimits limits_;
    RecordedOutlet outlet_;
};

TEST_F(StreamTurnTest, HoldsTheHeadUntilTheFirstEvent) {
    auto turn = chat();
    turn.flush(now_);
    now_ += 4999ms;
    turn.on_time(now_);
    EXPECT_FALSE(outlet_.begun);
    turn.on_event(event(1, wire::Accepted{}));
    EXPECT_FALSE(outlet_.begun);
    turn.flush(now_);
    EXPECT_TRUE(outlet_.begun);
    EXPECT_EQ(outlet_.head.status, 200);
    EXPECT_EQ(outlet_.head.type, "text/event-stream");
    EXPECT_EQ(outlet_.field("X-Accel-Buffering"), "no");
    EXPECT_THAT(outlet_.body, HasSubstr("\"role\":\"assistant\""));
}

TEST_F(StreamTurnTest, SendsTheHeadAfterFiveSecondsWithoutAWord) {
    auto turn = chat();
    EXPECT_EQ(turn.next_time(), now_ + 5s);
    now_ += 5s;
    turn.on_time(now_);
    EXPECT_TRUE(outlet_.begun);
    EXPECT_EQ(outlet_.body, ": ping\n\n");
}

TEST_F(StreamTurnTest, GivesARejectedTurnItsStatus) {
    auto turn = chat();
    turn.on_event(event(0, wire::Rejected{Errc::overloaded, "full", 1'500}));
    turn.flush(now_);
    EXPECT_TRUE(turn.over());
    EXPECT_EQ(outlet_.head.status, 429);
    EXPECT_EQ(outlet_.field("Retry-After"), "2");
    EXPECT_EQ(outlet_.field("retry-after-ms"), "1500");
    EXPECT_THAT(outlet_.body, HasSubstr("\"code\":\"overloaded\""));
}

TEST_F(StreamTurnTest, GivesATurnThatFailedBeforeTheHeadItsStatusAndNoStream) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.on_event(event(2, wire::Failed{Errc::model_unreachable, "no connection", true}));
    turn.flush(now_);
    EXPECT_FALSE(outlet_.begun);
    EXPECT_EQ(outlet_.head.status, 502);
    EXPECT_THAT(outlet_.body, StartsWith("{\"error\":"));
}

TEST_F(StreamTurnTest, TellsAFailureAfterTheHeadInTheStreamWithoutDone) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_written(now_);
    turn.on_event(event(2, wire::Delta{"Hello"}));
    turn.on_event(event(3, wire::Failed{Errc::model_cut, "cut", true}));
    turn.flush(now_);
    EXPECT_TRUE(outlet_.ended);
    EXPECT_THAT(outlet_.body, HasSubstr("\"code\":\"model_cut\""));
    EXPECT_THAT(outlet_.body, Not(HasSubstr("[DONE]")));
}

TEST_F(StreamTurnTest, WritesWhatALoopTurnBringsAtOnce) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.on_event(event(2, wire::Delta{"one"}));
    turn.on_event(event(3, wire::Delta{"two"}));
    turn.flush(now_);
    ASSERT_EQ(outlet_.writes.size(), 1u);
    EXPECT_THAT(outlet_.writes[0], HasSubstr("two"));
}

TEST_F(StreamTurnTest, HasOneWriteAtATimeAndMergesWhatComesMeanwhile) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    for (std::uint64_t seq = 2; seq < 5; ++seq) {
        turn.on_event(event(seq, wire::Delta{"d" + std::to_string(seq)}));
        turn.flush(now_);
    }
    EXPECT_EQ(outlet_.writes.size(), 1u);
    turn.on_written(now_);
    ASSERT_EQ(outlet_.writes.size(), 2u);
    for (const char* text : {"d2", "d3", "d4"}) EXPECT_THAT(outlet_.writes[1], HasSubstr(text));
}

TEST_F(StreamTurnTest, EndsOnlyWhenAllIsWritten) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_event(completed(2));
    turn.flush(now_);
    EXPECT_FALSE(outlet_.ended);
    turn.on_written(now_);
    EXPECT_TRUE(outlet_.ended);
    EXPECT_TRUE(turn.over());
    EXPECT_THAT(outlet_.body, EndsWith("data: [DONE]\n\n"));
}

TEST_F(StreamTurnTest, CutsASlowReaderAtItsLimitAndNotBefore) {
    limits_.backlog_bytes_max = 4'096;
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);  // never written
    std::uint64_t seq = 2;
    turn.on_event(event(seq++, wire::Delta{std::string(3'000, 'a')}));
    turn.flush(now_);
    EXPECT_FALSE(outlet_.was_cut);
    turn.on_event(event(seq++, wire::Delta{std::string(3'000, 'a')}));
    turn.flush(now_);
    EXPECT_TRUE(outlet_.was_cut);
    EXPECT_TRUE(turn.slow());
    EXPECT_FALSE(outlet_.ended);
    turn.on_written(now_);  // late news change nothing
    turn.on_event(completed(seq));
    turn.flush(now_);
    EXPECT_FALSE(outlet_.ended);
}

TEST_F(StreamTurnTest, DoesNotTakeALongReplayForASlowReader) {
    limits_.backlog_bytes_max = 4'096;
    auto turn = native();
    turn.on_event(event(1, wire::Accepted{}));
    turn.on_event(event(2, wire::Delta{std::string(16'384, 'a')}));
    turn.flush(now_);
    EXPECT_FALSE(outlet_.was_cut);
    EXPECT_GT(outlet_.body.size(), 16'384u);
}

TEST_F(StreamTurnTest, PingsInEachSilenceBeforeTheFirstWordToo) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_written(now_);
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(turn.next_time(), now_ + 10s);
        turn.on_time(now_ + 9999ms);
        EXPECT_EQ(turn.pings(), static_cast<std::uint64_t>(i - 1));
        now_ += 10s;
        turn.on_time(now_);
        EXPECT_EQ(turn.pings(), static_cast<std::uint64_t>(i));
        EXPECT_EQ(outlet_.writes.back(), ": ping\n\n");
        turn.on_written(now_);
    }
}

TEST_F(StreamTurnTest, DoesNotPingAReaderThatTakesNothing) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_time(now_ + 30s);
    EXPECT_EQ(turn.pings(), 0u);
}

TEST_F(StreamTurnTest, HasNothingForWhoKnowsTheEndAlready) {
    auto turn = native(7);
    turn.on_event(completed(7));
    turn.flush(now_);
    EXPECT_EQ(outlet_.head.status, 204);
    EXPECT_EQ(outlet_.body, "");
    EXPECT_TRUE(turn.over());
}

TEST_F(StreamTurnTest, TellsAResumedReaderOfTheTurnsOwnFailureAsOfAnyEvent) {
    auto turn = native(5);
    turn.on_event(event(6, wire::Failed{Errc::model_failed, "500", true}));
    turn.flush(now_);
    EXPECT_EQ(outlet_.head.status, 200);
    EXPECT_THAT(outlet_.body, HasSubstr("id: 6\n"));
}

TEST_F(StreamTurnTest, KnowsATurnThatIsNotKept) {
    auto turn = native(5);
    turn.on_event(event(0, wire::Rejected{Errc::unknown_turn, "not kept", {}}));
    turn.flush(now_);
    EXPECT_EQ(outlet_.head.status, 404);
    EXPECT_THAT(outlet_.body, HasSubstr("\"code\":\"unknown_turn\""));
}

TEST_F(StreamTurnTest, EndsInAnErrorWhenItIsRefused) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_written(now_);
    turn.refuse({503, "server_error", "draining", "going away"}, now_);
    EXPECT_TRUE(outlet_.ended);
    EXPECT_THAT(outlet_.body, HasSubstr("\"code\":\"draining\""));
    EXPECT_THAT(outlet_.body, Not(HasSubstr("[DONE]")));
}

TEST_F(StreamTurnTest, IsRefusedWithAStatusBeforeTheHead) {
    auto turn = chat();
    turn.refuse({503, "server_error", "draining", "going away"}, now_);
    EXPECT_EQ(outlet_.head.status, 503);
    EXPECT_TRUE(turn.over());
}

TEST_F(StreamTurnTest, LastsNoLongerThanItsLimit) {
    auto turn = chat();
    turn.on_event(event(1, wire::Accepted{}));
    turn.flush(now_);
    turn.on_written(now_);
    turn.on_time(now_ + limits_.length);
    EXPECT_TRUE(outlet_.ended);
    EXPECT_THAT(outlet_.body, HasSubstr("deadline_exceeded"));
}

TEST_F(StreamTurnTest, OfAResponseThatWasResumedEndsWithTheWholeText) {
    StreamTurn turn(make_response_stream({"t1", "emostage", 1}, true, false, 3), outlet_, limits_,
                    now_, StreamTurn::Resume{3, false});
    TurnRecord record;
    for (const auto& one :
         {event(1, wire::Accepted{}), event(2, wire::Started{"w"}), event(3, wire::Delta{"Good "}),
          event(4, wire::Delta{"evening."}), completed(5)}) {
        record.on_event(one);
        if (one.seq > 3) turn.on_event(one);
    }
    turn.flush(now_);
    EXPECT_FALSE(turn.over());
    ASSERT_TRUE(turn.wants_record());
    turn.on_written(now_);
    turn.on_record(record, now_);
    EXPECT_TRUE(turn.over());
    EXPECT_THAT(outlet_.body, HasSubstr("Good evening."));
    EXPECT_THAT(outlet_.body, HasSubstr("response.completed"));
}

}  // namespace
}  // namespace emostage::http
