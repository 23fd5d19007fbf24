#include "worker/link/link.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using namespace std::chrono_literals;

class Recorder : public LinkOutputs {
public:
    void send(wire::FromWorker message) override { sent.push_back(std::move(message)); }
    void start_run(wire::Lease lease) override { started.push_back(lease.lease); }
    void stop_run(wire::LeaseId lease, bool fenced, const std::string&) override {
        (fenced ? fenced_runs : stopped).push_back(lease);
    }

    template <class T>
    std::vector<T> take() {
        std::vector<T> found;
        for (const auto& message : sent) {
            if (const auto* one = std::get_if<T>(&message)) found.push_back(*one);
        }
        sent.clear();
        return found;
    }

    std::vector<wire::FromWorker> sent;
    std::vector<wire::LeaseId> started, stopped, fenced_runs;
};

wire::Lease lease_of(wire::LeaseId id, std::string pipeline = "emostage") {
    wire::Lease lease;
    lease.lease = id;
    lease.turn = "t" + std::to_string(id);
    lease.session = "s";
    lease.pipeline = std::move(pipeline);
    return lease;
}

class LinkTest : public testing::Test {
protected:
    void welcome(const std::string& broker = "b1") {
        link.on(wire::ToWorker{wire::Welcome{broker, 1000ms, 7000ms, 7}}, now);
    }
    void lease(wire::LeaseId id, std::string pipeline = "emostage") {
        link.on(wire::ToWorker{lease_of(id, std::move(pipeline))}, now);
    }
    void says(wire::LeaseId id, std::vector<wire::RunEvent> events, bool ended = false) {
        link.on(Link::Said{id, std::move(events), ended}, now);
    }
    void says(wire::LeaseId id, const std::string& text) { says(id, {wire::Delta{text, 0}}); }
    void kept(wire::LeaseId id, std::uint64_t ordinal) {
        link.on(wire::ToWorker{wire::Kept{{{id, ordinal}}}}, now);
    }
    void resend(wire::LeaseId id, std::uint64_t ordinal) {
        link.on(wire::ToWorker{wire::Resend{id, ordinal}}, now);
    }
    // Lets time pass as a loop would: each deadline by itself.
    void pass(Duration duration) {
        const auto end = now + duration;
        while (link.next_time() && *link.next_time() <= end) {
            now = std::max(now, *link.next_time());
            link.on(Link::Tick{}, now);
        }
        now = end;
    }

    Recorder out;
    TimePoint now{1h};
    Link link{LinkConfig{"w1", "i1", 2, {"base", "emostage"}, 100ms, 30s}, out};
};

TEST_F(LinkTest, SaysReadyAgainUntilTheBrokerAnswers) {
    link.on(Link::Start{}, now);
    pass(1s);
    EXPECT_EQ(out.take<wire::Ready>().size(), 11u);
    welcome();
    pass(1s);
    EXPECT_TRUE(out.take<wire::Ready>().empty());
}

TEST_F(LinkTest, BeatsEachSecondWithTheLeasesThatItRuns) {
    link.on(Link::Start{}, now);
    welcome();
    lease(5);
    out.sent.clear();
    pass(1s);
    const auto beats = out.take<wire::Beat>();
    ASSERT_EQ(beats.size(), 1u);
    EXPECT_EQ(beats[0].leases, std::vector<wire::LeaseId>{5});
    EXPECT_EQ(beats[0].number, 2u);
    says(5, {wire::Cancelled{"requested"}}, true);
    pass(1s);
    EXPECT_EQ(out.take<wire::Beat>().at(0).leases, std::vector<wire::LeaseId>{5})
        << "the broker may not have stored its end";
    kept(5, 1);
    pass(1s);
    EXPECT_TRUE(out.take<wire::Beat>().at(0).leases.empty());
}

TEST_F(LinkTest, AnUnconfirmedWorkerStopsItsRunsBeforeItsLeasesEnd) {
    link.on(Link::Start{}, now);
    welcome();
    lease(5);
    pass(6900ms);
    EXPECT_TRUE(out.fenced_runs.empty());
    pass(200ms);
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{5});
    EXPECT_FALSE(link.registered());
}

TEST_F(LinkTest, AConfirmationCountsFromWhenItsBeatWasSent) {
    link.on(Link::Start{}, now);
    welcome();  // sends beat 1
    lease(5);
    pass(3s);                                        // beats 2, 3, 4
    link.on(wire::ToWorker{wire::BeatAck{2}}, now);  // sent two seconds ago
    pass(4900ms);
    EXPECT_TRUE(out.fenced_runs.empty());
    pass(200ms);
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{5});
}

TEST_F(LinkTest, AConfirmedWorkerRunsOn) {
    link.on(Link::Start{}, now);
    welcome();
    lease(5);
    for (std::uint64_t beat = 1; beat < 60; ++beat) {
        link.on(wire::ToWorker{wire::BeatAck{beat}}, now);
        pass(1s);
    }
    EXPECT_TRUE(out.fenced_runs.empty());
}

TEST_F(LinkTest, AnotherBrokersWelcomeEndsTheRunsOfTheFormerOne) {
    link.on(Link::Start{}, now);
    welcome("b1");
    lease(5);
    link.on(wire::ToWorker{wire::Register{}}, now);
    EXPECT_TRUE(out.fenced_runs.empty());
    welcome("b2");
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{5});
}

TEST_F(LinkTest, TheSameBrokersWelcomeKeepsThem) {
    link.on(Link::Start{}, now);
    welcome("b1");
    lease(5);
    welcome("b1");
    EXPECT_TRUE(out.fenced_runs.empty());
    EXPECT_EQ(link.running(), 1u);
}

TEST_F(LinkTest, GivesBackWhatItCannotRun) {
    link.on(Link::Start{}, now);
    welcome();
    lease(1);
    lease(2);
    lease(3);
    lease(4, "unheard-of");
    const auto back = out.take<wire::Return>();
    ASSERT_EQ(back.size(), 2u);
    EXPECT_EQ(back[0], (wire::Return{3, "no_slot"}));
    EXPECT_EQ(back[1], (wire::Return{4, "unknown_pipeline"}));
    EXPECT_EQ(out.started, (std::vector<wire::LeaseId>{1, 2}));
}

TEST_F(LinkTest, ALeaseThatComesTwiceRunsOnce) {
    link.on(Link::Start{}, now);
    welcome();
    lease(1);
    lease(1);
    EXPECT_EQ(out.started.size(), 1u);
    EXPECT_TRUE(out.take<wire::Return>().empty());
}

TEST_F(LinkTest, ADrainSaysSoAtOnceTakesNothingNewAndEndsWithTheLastRun) {
    link.on(Link::Start{}, now);
    welcome();
    lease(1);
    out.sent.clear();
    link.on(Link::Drain{}, now);
    EXPECT_TRUE(out.take<wire::Beat>().at(0).draining);
    EXPECT_FALSE(link.drained());
    lease(2);
    EXPECT_EQ(out.take<wire::Return>().at(0).reason, "draining");
    says(1, {wire::Cancelled{"requested"}}, true);
    EXPECT_FALSE(link.drained()) << "its end may be lost";
    kept(1, 1);
    EXPECT_TRUE(link.drained());
}

TEST_F(LinkTest, AtTheDrainLimitTheRestIsHandedBack) {
    link.on(Link::Start{}, now);
    welcome();
    lease(1);
    link.on(Link::Drain{}, now);
    for (std::uint64_t beat = 1; beat <= 29; ++beat) {
        link.on(wire::ToWorker{wire::BeatAck{beat}}, now);
        pass(1s);
    }
    EXPECT_FALSE(link.drained());
    link.on(wire::ToWorker{wire::BeatAck{30}}, now);
    pass(1001ms);
    EXPECT_EQ(out.take<wire::Return>().at(0), (wire::Return{1, "draining"}));
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{1});
    EXPECT_TRUE(link.drained());
}

TEST_F(LinkTest, AStopReachesTheRunAndAFencedOneEndsIt) {
    link.on(Link::Start{}, now);
    welcome();
    lease(1);
    lease(2);
    link.on(wire::ToWorker{wire::Stop{1, false, "requested"}}, now);
    EXPECT_EQ(out.stopped, std::vector<wire::LeaseId>{1});
    EXPECT_EQ(link.running(), 2u) << "the run still has its last word";
    link.on(wire::ToWorker{wire::Stop{2, true, "lease lost"}}, now);
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{2});
    EXPECT_EQ(link.running(), 1u);
    link.on(wire::ToWorker{wire::Stop{99, false, "requested"}}, now);
    EXPECT_EQ(out.stopped.size(), 1u);
}

// --- what is kept until it is stored -----------------------------------------------------------

wire::Output output(wire::LeaseId lease, std::uint64_t ordinal, std::vector<std::string> texts) {
    wire::Output output{lease, ordinal, {}};
    for (auto& text : texts) output.events.push_back(wire::Delta{std::move(text), 0});
    return output;
}

class UnkeptLinkTest : public LinkTest {
protected:
    UnkeptLinkTest() {
        link.on(Link::Start{}, now);
        welcome();
        lease(1);
        lease(2);
        out.sent.clear();
    }
};

TEST_F(UnkeptLinkTest, NumbersWhatEachRunSays) {
    says(1, "a");
    says(2, "b");
    says(1, {wire::Delta{"c", 0}, wire::Delta{"d", 0}});
    EXPECT_EQ(out.take<wire::Output>(),
              (std::vector{output(1, 1, {"a"}), output(2, 1, {"b"}), output(1, 2, {"c", "d"})}));
}

TEST_F(UnkeptLinkTest, SaysAgainFromTheOrdinalThatIsAskedFor) {
    says(1, "a");
    says(1, "b");
    says(1, "c");
    out.sent.clear();
    resend(1, 2);
    EXPECT_EQ(out.take<wire::Output>(), std::vector{output(1, 2, {"b", "c"})});
    resend(1, 4);
    EXPECT_TRUE(out.sent.empty()) << "nothing is missing";
}

TEST_F(UnkeptLinkTest, AWelcomeOfTheSameBrokerBringsAllThatIsNotKeptAndThenABeatThatSaysSo) {
    says(1, "a");
    says(1, "b");
    says(2, {wire::Delta{"x", 0}, wire::Cancelled{"requested"}}, true);
    kept(1, 1);
    out.sent.clear();
    welcome();
    ASSERT_EQ(out.sent.size(), 3u);
    EXPECT_EQ(std::get<wire::Output>(out.sent[0]), output(1, 2, {"b"}));
    EXPECT_EQ(std::get<wire::Output>(out.sent[1]).events.size(), 2u);
    EXPECT_EQ(std::get<wire::Beat>(out.sent[2]).leases, (std::vector<wire::LeaseId>{1, 2}));
    EXPECT_EQ(std::get<wire::Beat>(out.sent[2]).welcome, 7u);
}

TEST_F(UnkeptLinkTest, WithoutABrokerWhatIsSaidWaitsForTheNextWelcome) {
    says(1, "a");
    link.on(Link::Connection{false}, now);
    says(1, "b");
    EXPECT_EQ(out.take<wire::Output>().size(), 1u);
    link.on(Link::Connection{true}, now);
    EXPECT_EQ(out.take<wire::Ready>().size(), 1u) << "at once, not with the next beat";
    says(1, "c");
    EXPECT_TRUE(out.sent.empty());
    welcome();
    EXPECT_EQ(out.take<wire::Output>(), std::vector{output(1, 1, {"a", "b", "c"})});
    says(1, "d");
    EXPECT_EQ(out.take<wire::Output>(), std::vector{output(1, 4, {"d"})});
}

TEST_F(UnkeptLinkTest, AWorkerWithoutAConnectionStillFencesItself) {
    link.on(Link::Connection{false}, now);
    pass(7001ms);
    EXPECT_EQ(out.fenced_runs, (std::vector<wire::LeaseId>{1, 2}));
    EXPECT_EQ(link.running(), 0u);
}

TEST_F(UnkeptLinkTest, WhatIsKeptIsNeverSaidAgainAndTheRunIsGivenBackInstead) {
    says(1, "a");
    says(1, "b");
    kept(1, 1);
    out.sent.clear();
    resend(1, 1);
    ASSERT_EQ(out.sent.size(), 1u);
    EXPECT_EQ(std::get<wire::Return>(out.sent[0]), (wire::Return{1, "forgotten"}));
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{1});
    EXPECT_EQ(link.running(), 1u);
}

TEST_F(UnkeptLinkTest, AResendOfWhatItDoesNotHaveGivesTheLeaseBack) {
    says(1, "a");
    out.sent.clear();
    resend(1, 3);   // it has said one
    resend(77, 1);  // it was fenced, or never came
    EXPECT_EQ(out.take<wire::Return>(),
              (std::vector{wire::Return{1, "forgotten"}, wire::Return{77, "forgotten"}}));
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{1});
}

TEST_F(UnkeptLinkTest, ARunThatHasEndedFreesItsSlotAtOnceAndIsHeldUntilItsLastOrdinalIsKept) {
    says(1, {wire::Delta{"a", 0}, wire::Cancelled{"requested"}}, true);
    EXPECT_EQ(link.running(), 1u);
    EXPECT_EQ(link.unkept(), 1u);
    lease(3);
    EXPECT_EQ(out.started, (std::vector<wire::LeaseId>{1, 2, 3}));
    kept(1, 1);
    EXPECT_EQ(link.unkept(), 1u);
    lease(1);
    EXPECT_EQ(out.started.size(), 3u) << "the same lease never runs twice";
    kept(1, 9);
    EXPECT_EQ(link.unkept(), 0u);
}

TEST_F(UnkeptLinkTest, AFencedLeaseIsForgottenWhetherItRunsOrHasEnded) {
    says(1, {wire::Cancelled{"requested"}}, true);
    says(2, "a");
    out.sent.clear();
    link.on(wire::ToWorker{wire::Stop{1, true, "lease over"}}, now);
    link.on(wire::ToWorker{wire::Stop{2, true, "lease over"}}, now);
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{2}) << "the other one has no run";
    says(2, "late");
    welcome();
    EXPECT_TRUE(out.take<wire::Output>().empty());
}

TEST_F(UnkeptLinkTest, AnotherBrokerIsToldNothingOfTheFormerOnesTurns) {
    says(1, {wire::Cancelled{"requested"}}, true);
    says(2, "a");
    out.sent.clear();
    welcome("b2");
    EXPECT_TRUE(out.take<wire::Output>().empty());
    EXPECT_EQ(link.unkept(), 0u);
    EXPECT_EQ(link.running(), 0u);
}

TEST_F(UnkeptLinkTest, AnEndThatIsNotKeptAtTheDrainLimitIsGivenBack) {
    says(1, {wire::Cancelled{"requested"}}, true);
    says(2, {wire::Cancelled{"requested"}}, true);
    kept(2, 1);
    link.on(Link::Drain{}, now);
    for (std::uint64_t beat = 2; !link.drained() && beat < 60; ++beat) {
        link.on(wire::ToWorker{wire::BeatAck{beat}}, now);
        pass(1s);
    }
    EXPECT_TRUE(link.drained());
    EXPECT_EQ(out.take<wire::Return>(), std::vector{(wire::Return{1, "draining"})});
    EXPECT_TRUE(out.fenced_runs.empty());
}

TEST_F(UnkeptLinkTest, ARunThatSaysMoreThanMayWaitIsGivenBackAndTheOthersGoOn) {
    const std::string text(64 * 1024, 'x');
    std::size_t said = 0;
    for (; out.fenced_runs.empty() && said < 1000; ++said) says(1, text);
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{1});
    EXPECT_EQ(said, Unkept::bytes_max / text.size());
    EXPECT_EQ(out.take<wire::Return>(), std::vector{(wire::Return{1, "unkept"})});
    says(2, "a");
    EXPECT_EQ(out.take<wire::Output>(), std::vector{output(2, 1, {"a"})});
}

TEST(Link, WhatAllRunsTogetherHaveUnkeptIsBounded) {
    Recorder out;
    const TimePoint now{1h};
    Link link(LinkConfig{"w1", "i1", 64, {"emostage"}, 100ms, 30s}, out);
    link.on(Link::Start{}, now);
    link.on(wire::ToWorker{wire::Welcome{"b1", 1000ms, 7000ms}}, now);
    const std::string text(1024 * 1024, 'x');
    for (wire::LeaseId id = 1; id <= 64; ++id) {
        link.on(wire::ToWorker{lease_of(id)}, now);
        link.on(Link::Said{id, {wire::Delta{text, 0}}, id % 2 == 0}, now);
        out.sent.clear();
    }
    EXPECT_EQ(out.fenced_runs, std::vector<wire::LeaseId>{64}) << "its text does not fit";
}

}  // namespace
}  // namespace emostage::worker
