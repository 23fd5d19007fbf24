#include "worker/link/link.hpp"

#include <gtest/gtest.h>

namespace emostage::worker {
namespace {

using namespace std::chrono_literals;

class Recorder : public LinkOutputs {
public:
    void send(const wire::FromWorker& message) override { sent.push_back(message); }
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
        link.on(wire::ToWorker{wire::Welcome{broker, 1000ms, 7000ms}}, now);
    }
    void lease(wire::LeaseId id, std::string pipeline = "emostage") {
        link.on(wire::ToWorker{lease_of(id, std::move(pipeline))}, now);
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
    link.on(Link::RunEnded{5}, now);
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
    link.on(Link::RunEnded{1}, now);
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

}  // namespace
}  // namespace emostage::worker
