#include "bench/load/load.hpp"

#include <deque>

namespace emostage::load {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

const TimePoint begin = TimePoint(seconds(1'000));

struct FarSide final : Ports {
    struct Person final : Turn {
        void on_event(const wire::Event&) override {}
    };
    Result<void> open(Turn& turn) override {
        if (refuse > 0 && refuse-- > 0) return fail(Errc::overloaded, "full");
        turn.id = "t" + std::to_string(++opened);
        running.push_back(&turn);
        return {};
    }
    void cancel(Turn& turn) override { cancelled.push_back(turn.id); }
    void abandon(Turn& turn) override { abandoned.push_back(turn.id); }
    std::unique_ptr<Turn> make_turn() override { return std::make_unique<Person>(); }

    int opened = 0, refuse = 0;
    std::deque<Turn*> running;
    std::vector<std::string> cancelled, abandoned;
};

wire::Event event(wire::EventBody body) { return {"", "", 1, 1, 0, std::move(body)}; }
wire::Completed completed() {
    wire::Completed end;
    end.finish_reason = "stop";
    return end;
}

struct LoadTest : testing::Test {
    Load& make(Plan wanted) {
        load.emplace(std::move(wanted), ReplyScript(FarEnd::numbered, 6), far);
        load->start(now);
        return *load;
    }
    Plan closed(std::uint64_t turns, std::size_t in_flight) {
        Plan plan;
        plan.turns = turns;
        plan.in_flight = in_flight;
        plan.reply_tokens = 2;
        plan.between_tokens = milliseconds(10);
        return plan;
    }
    Plan open(std::uint64_t turns, double per_second) {
        Plan plan = closed(turns, 1'000);
        plan.arrivals.emplace(Rhythm::poisson, per_second, 1);
        return plan;
    }
    void say(Turn& turn, wire::EventBody body) {
        load->on_event(turn, event(std::move(body)), now);
    }
    void end_first(wire::EventBody body = completed()) {
        Turn& turn = *far.running.front();
        far.running.pop_front();
        say(turn, std::move(body));
    }
    // As the loop would: until nothing is due before `until`.
    void pass_to(TimePoint until) {
        while (const auto next = load->next_time()) {
            if (*next > until) break;
            now = std::max(now, *next);
            load->on_time(now);
        }
        now = until;
    }

    FarSide far;
    TimePoint now = begin;
    std::optional<Load> load;
};

TEST_F(LoadTest, AClosedLoopKeepsItsNumberInFlightAndEndsWithTheLast) {
    make(closed(5, 2));
    EXPECT_EQ(far.opened, 2);
    EXPECT_EQ(load->next_time(), std::nullopt);
    for (int i = 0; i < 3; ++i) {
        end_first();
        EXPECT_EQ(load->in_flight(), 2u);
    }
    EXPECT_EQ(far.opened, 5);
    end_first();
    EXPECT_FALSE(load->over());
    end_first();
    EXPECT_TRUE(load->over());
    EXPECT_EQ(load->meter().completed, 5u);
}

TEST_F(LoadTest, ManyStartInSeveralCallsSoThatWhatComesIsReadInBetween) {
    make(closed(1'000, 500));
    EXPECT_EQ(far.opened, static_cast<int>(Load::starts_at_once));
    ASSERT_TRUE(load->next_time());
    EXPECT_LE(*load->next_time(), now);
    pass_to(now);
    EXPECT_EQ(far.opened, 500);
}

TEST_F(LoadTest, ARampSpreadsTheFirstStartsEvenly) {
    Plan plan = closed(100, 4);
    plan.ramp = milliseconds(400);
    make(std::move(plan));
    EXPECT_EQ(far.opened, 1);
    pass_to(begin + milliseconds(199));
    EXPECT_EQ(far.opened, 2);
    pass_to(begin + milliseconds(400));
    EXPECT_EQ(far.opened, 4);
}

TEST_F(LoadTest, TokensThatShareADeltaHaveNoGapBetweenThem) {
    make(closed(1, 1));
    now += milliseconds(700);
    say(*far.running.front(), wire::Delta{"w000f w001f"});
    now += milliseconds(12);
    say(*far.running.front(), wire::Delta{" w002f"});
    const Meter& meter = load->meter();
    EXPECT_EQ(meter.deltas, 2u);
    EXPECT_EQ(meter.tokens, 3u);
    EXPECT_EQ(meter.first.count(), 1u);
    EXPECT_NEAR(static_cast<double>(meter.first.most().count()), 700e6, 1);
    EXPECT_EQ(meter.gap.count(), 2u);
    EXPECT_EQ(meter.gap.most(), milliseconds(12));
    EXPECT_EQ(meter.gap.percentile(0), Duration{});
    EXPECT_EQ(meter.jitter.most(), milliseconds(10));  // that of the shared one
}

TEST_F(LoadTest, WhatAReplyLacksIsLostAndWhatIsWrongIsOutOfOrder) {
    make(closed(2, 2));
    say(*far.running.front(), wire::Delta{"w000f"});
    end_first();
    EXPECT_EQ(load->meter().lost, 1u);
    say(*far.running.front(), wire::Delta{"w001f"});
    EXPECT_EQ(load->meter().out_of_order, 1u);
}

TEST_F(LoadTest, AReplyThatBeginsAgainIsCountedFromItsBeginning) {
    make(closed(1, 1));
    say(*far.running.front(), wire::Delta{"w000f"});
    say(*far.running.front(), wire::Reset{"worker_lost"});
    say(*far.running.front(), wire::Delta{"w000f w001f"});
    end_first();
    EXPECT_EQ(load->meter().resets, 1u);
    EXPECT_EQ(load->meter().lost, 0u);
    EXPECT_EQ(load->meter().out_of_order, 0u);
}

TEST_F(LoadTest, AnOpenLoopStartsTurnsWhetherOthersHaveEndedOrNot) {
    make(open(100, 100));
    pass_to(begin + seconds(20));
    EXPECT_EQ(far.opened, 100);
    EXPECT_EQ(load->in_flight(), 100u);
    EXPECT_FALSE(load->over());
}

TEST_F(LoadTest, InAnOpenLoopTimeCountsFromWhenTheTurnShouldHaveStarted) {
    make(open(1, 100));
    const TimePoint due = *load->next_time();
    now = due + milliseconds(250);  // this program was late
    load->on_time(now);
    say(*far.running.front(), wire::Delta{"w000f"});
    EXPECT_NEAR(static_cast<double>(load->meter().first.most().count()), 250e6, 1);
    EXPECT_NEAR(static_cast<double>(load->meter().late.most().count()), 250e6, 1);
}

TEST_F(LoadTest, WhoArrivesWhenTheLimitIsReachedWaitsAndTheWaitCounts) {
    Plan plan = open(50, 1'000);
    plan.in_flight = 1;
    make(std::move(plan));
    pass_to(begin + seconds(5));
    EXPECT_EQ(far.opened, 1);
    end_first();
    EXPECT_EQ(far.opened, 2);
    say(*far.running.front(), wire::Delta{"w000f"});
    EXPECT_GT(load->meter().first.most(), seconds(4));
}

TEST_F(LoadTest, AfterItsTimeNothingStartsAndOnlyWhatEndedInTimeCountsAsSuch) {
    Plan plan = closed(1'000, 2);
    plan.lasts = seconds(10);
    plan.settles = seconds(2);
    make(std::move(plan));
    now = begin + seconds(1);
    end_first();  // too early
    now = begin + seconds(5);
    end_first();
    now = begin + seconds(11);
    end_first();  // too late; nobody follows
    EXPECT_EQ(far.opened, 4);
    EXPECT_FALSE(load->over());
    end_first();
    EXPECT_TRUE(load->over());
    EXPECT_EQ(load->meter().completed, 4u);
    EXPECT_EQ(load->meter().completed_in_time, 1u);
    EXPECT_EQ(load->meter().lasted, seconds(11));
}

TEST_F(LoadTest, RefusalsAreCountedByCodeWithTheTimeThatTheyTook) {
    make(closed(3, 1));
    now += milliseconds(3);
    end_first(wire::Rejected{Errc::overloaded, "full", 100});
    pass_to(now + Load::refused_pause);
    end_first(wire::Failed{Errc::model_cut, "cut"});
    end_first(wire::Cancelled{"requested"});
    const Meter& meter = load->meter();
    EXPECT_TRUE(load->over());
    EXPECT_EQ(meter.rejected, 1u);
    EXPECT_EQ(meter.failed, 1u);
    EXPECT_EQ(meter.cancelled, 1u);
    EXPECT_EQ(meter.refusal.most(), milliseconds(3));
    EXPECT_EQ(meter.codes.at("overloaded"), 1u);
    EXPECT_EQ(meter.codes.at("model_cut"), 1u);
    EXPECT_EQ(meter.errors(), 3u);
}

TEST_F(LoadTest, OpensThatOurOwnClientRefusesAreFailuresAndDoNotStopTheLoad) {
    far.refuse = 3;
    make(closed(5, 2));
    EXPECT_EQ(load->meter().failed, 2u);
    pass_to(now + 2 * Load::refused_pause);
    EXPECT_EQ(load->meter().failed, 3u);
    EXPECT_EQ(far.opened, 2);
    end_first();
    end_first();
    EXPECT_TRUE(load->over());
}

TEST_F(LoadTest, WhoIsRefusedInAClosedLoopComesBackAfterAPause) {
    make(closed(100, 2));
    end_first(wire::Rejected{Errc::overloaded, "full", 100});
    EXPECT_EQ(far.opened, 2);
    EXPECT_EQ(load->next_time(), now + Load::refused_pause);
    end_first();  // the other one goes on at once
    EXPECT_EQ(far.opened, 3);
    pass_to(now + Load::refused_pause);
    EXPECT_EQ(far.opened, 4);
    EXPECT_EQ(load->in_flight(), 2u);
}

TEST_F(LoadTest, InAnOpenLoopARefusalChangesNothing) {
    make(open(100, 100));
    pass_to(begin + seconds(20));
    while (!far.running.empty()) end_first(wire::Rejected{Errc::overloaded, "full", 100});
    EXPECT_EQ(load->meter().rejected, 100u);
    EXPECT_TRUE(load->over());
}

TEST_F(LoadTest, AnAnalysisThatIsADefaultIsTold) {
    make(closed(1, 1));
    auto end = completed();
    end.degraded = {"phase"};
    end_first(end);
    EXPECT_EQ(load->meter().degraded, 1u);
}

TEST_F(LoadTest, TheShareToCancelIsCancelledOnceInMidReply) {
    Plan plan = closed(2'000, 1);
    plan.cancels = 0.25;
    plan.cancel_tokens_max = 2;
    make(std::move(plan));
    while (!load->over()) {
        Turn& turn = *far.running.front();
        const auto before = far.cancelled.size();
        say(turn, wire::Delta{"w000f"});
        say(turn, wire::Delta{" w001f"});
        say(turn, wire::Delta{" w002f"});
        EXPECT_LE(far.cancelled.size(), before + 1);
        far.cancelled.size() > before ? end_first(wire::Cancelled{"requested"}) : end_first();
    }
    EXPECT_NEAR(static_cast<double>(far.cancelled.size()), 500, 60);
    EXPECT_EQ(load->meter().cancelled, far.cancelled.size());
}

TEST_F(LoadTest, StoppedEarlyItAbandonsWhatRunsAndSaysHowMany) {
    make(closed(10, 3));
    end_first();
    now += seconds(1);
    load->stop(now);
    EXPECT_TRUE(load->over());
    EXPECT_EQ(load->meter().unfinished, 3u);
    EXPECT_EQ(far.abandoned.size(), 3u);
    EXPECT_EQ(load->next_time(), std::nullopt);
    load->on_time(now);
    EXPECT_EQ(far.opened, 4);
}

}  // namespace
}  // namespace emostage::load
