// A reply that does not begin is asked of a second endpoint.
#include <gtest/gtest.h>

#include "core/llm/client.hpp"
#include "tests/core/llm/client_fixture.hpp"

namespace emostage::llm {
namespace {

void say(const Connection& c, std::string_view text) {
    c->begin_stream();
    c->content(text);
    c->finish();
    c->end_stream();
}

// Two servers. Calls of `session_` go to the first one, and enough of them are over for a delay.
class ClientHedgeTest : public ClientFixture {
protected:
    ClientHedgeTest() {
        policy.hedge = {50, 100, milliseconds(5)};
        for (int i = 0; i < 2; ++i) {
            serve([](const HttpRequest&, Connection c) { say(c, "hello"); });
        }
    }

    void know_the_usual() {
        for (char name = 'a'; session_.empty() && name <= 'z'; ++name) {
            const auto got = finish(start(request_of(std::string(1, name))));
            ASSERT_TRUE(got.answer);
            if (got.answer->endpoint == "s1") session_ = name;
        }
        ASSERT_FALSE(session_.empty());
        auto alone = request_of(session_);
        alone.avoid = "s2";  // has no rival, however busy this machine is
        for (std::size_t i = 0; i < Hedge::samples_min; ++i) finish(start(alone));
        before_ = client->hedges();
        requests_before_ = {first().requests(), second().requests()};
    }
    static ChatRequest request_of(const std::string& session) {
        auto request = stream_request();
        request.session = session;
        return request;
    }
    CallId start_again() { return start(request_of(session_)); }

    // Nobody answers until both servers have been asked. A first server that is asked again
    // `repeats` what this says.
    using Action = std::function<void(Connection one, Connection two)>;
    void when_both_are_asked(Action action, std::function<void(Connection)> repeats = {}) {
        struct Asked {
            Action action;
            Connection one, two;
            void go() {
                if (one && two) std::exchange(action, [](auto, auto) {})(one, two);
            }
        };
        const auto asked = std::make_shared<Asked>(Asked{std::move(action), {}, {}});
        first().script = [asked, repeats](const HttpRequest&, Connection c) {
            if (asked->one && repeats) return repeats(c);
            asked->one = c;
            asked->go();
        };
        second().script = [asked](const HttpRequest&, Connection c) {
            asked->two = c;
            asked->go();
        };
    }

    ScriptedServer& first() { return *servers[0]; }
    ScriptedServer& second() { return *servers[1]; }
    int asked_first() { return first().requests() - requests_before_.first; }
    int asked_second() { return second().requests() - requests_before_.second; }
    std::uint64_t hedged() { return client->hedges().hedged - before_.hedged; }
    std::uint64_t won() { return client->hedges().won - before_.won; }

    std::string session_;
    HedgeStatus before_;
    std::pair<int, int> requests_before_;
};

TEST_F(ClientHedgeTest, WhoSpeaksFirstIsHeardAndTheSilentOnesConnectionIsClosed) {
    know_the_usual();
    first().script = [](const HttpRequest&, Connection) {};
    second().script = [](const HttpRequest&, Connection c) { say(c, "from two"); };
    const auto got = finish(start_again());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "from two");
    EXPECT_EQ(got.answer->endpoint, "s2");
    EXPECT_EQ(got.answer->tries, 2);
    EXPECT_GE(got.answer->first_content, policy.hedge.min_delay) << "from start() on";
    EXPECT_EQ(hedged(), 1u);
    EXPECT_EQ(won(), 1u);
    EXPECT_TRUE(run_until([&] { return first().closed_by_peer() == 1; }));
    EXPECT_EQ(second().closed_by_peer(), 0);
    EXPECT_EQ(running(), 0u);
}

TEST_F(ClientHedgeTest, TheFirstOneMayStillBeFirst) {
    know_the_usual();
    when_both_are_asked([](Connection one, Connection) { say(one, "from one"); });
    const auto got = finish(start_again());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "from one");
    EXPECT_EQ(got.answer->endpoint, "s1");
    EXPECT_EQ(got.answer->tries, 2) << "both were asked";
    EXPECT_EQ(hedged(), 1u);
    EXPECT_EQ(won(), 0u);
    EXPECT_TRUE(run_until([&] { return second().closed_by_peer() == 1; }));
}

TEST_F(ClientHedgeTest, OnlyOneOfTwoThatSpeakIsHeard) {
    know_the_usual();
    when_both_are_asked([](Connection one, Connection two) {
        one->begin_stream();
        two->begin_stream();
        two->content("two");
        two->after(milliseconds(20), [one, two] {
            one->content("one");
            two->content(" goes on");
            two->finish();
            two->end_stream();
        });
    });
    EXPECT_EQ(finish(start_again()).text, "two goes on");
}

TEST_F(ClientHedgeTest, ARivalThatFailsDisturbsNobodyAndIsNotRepeated) {
    know_the_usual();
    when_both_are_asked([](Connection one, Connection two) {
        two->respond(500, "{}");
        one->after(milliseconds(40), [one] { say(one, "from one"); });
    });
    const auto got = finish(start_again());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "from one");
    EXPECT_EQ(asked_second(), 1);
    EXPECT_EQ(won(), 0u);
}

TEST_F(ClientHedgeTest, ARivalSavesTheCallOfAnEndpointThatFailsMeanwhile) {
    policy.tries_max = 1;
    know_the_usual();
    when_both_are_asked([](Connection one, Connection two) {
        one->respond(500, "{}");
        two->after(milliseconds(40), [two] { say(two, "from two"); });
    });
    const auto got = finish(start_again());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "from two");
    EXPECT_EQ(asked_first(), 1);
}

TEST_F(ClientHedgeTest, TheFirstOneIsRepeatedBesideItsRival) {
    know_the_usual();
    when_both_are_asked([](Connection one, Connection) { one->respond(500, "{}"); },
                        [](Connection c) { say(c, "from one"); });
    const auto got = finish(start_again());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "from one");
    EXPECT_EQ(got.answer->tries, 3);
    EXPECT_EQ(hedged(), 1u) << "once for each call";
    EXPECT_TRUE(run_until([&] { return second().closed_by_peer() == 1; }));
}

TEST_F(ClientHedgeTest, WhenBothFailTheCallDoesOnce) {
    policy.tries_max = 1;
    know_the_usual();
    when_both_are_asked([](Connection one, Connection two) {
        two->respond(500, "{}");
        one->respond(500, "{}");
    });
    const auto got = finish(start_again());
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_failed);
    EXPECT_EQ(got.failure->tries, 2);
    EXPECT_FALSE(got.failure->delivered);
}

TEST_F(ClientHedgeTest, AfterTheFirstWordNothingIsHedged) {
    policy.hedge.min_delay = milliseconds(400);
    know_the_usual();
    first().script = [](const HttpRequest&, Connection c) {
        c->begin_stream();
        c->content("hello");
        c->after(milliseconds(500), [c] {
            c->finish();
            c->end_stream();
        });
    };
    EXPECT_TRUE(finish(start_again()).answer);
    EXPECT_EQ(hedged(), 0u);
    EXPECT_EQ(asked_second(), 0);
}

TEST_F(ClientHedgeTest, AnAnswerThatIsNotStreamedIsNeverHedged) {
    know_the_usual();
    first().script = [](const HttpRequest&, Connection c) {
        c->after(milliseconds(40), [c] {
            c->respond(200, R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})");
        });
    };
    auto request = request_of(session_);
    request.stream = false;
    EXPECT_TRUE(finish(start(request)).answer);
    EXPECT_EQ(asked_second(), 0);
}

TEST_F(ClientHedgeTest, AnEndpointThatDoesNotContinueIsNoRivalOfOneThatDoes) {
    endpoints[0].capabilities.continues = Continues::prefill;
    know_the_usual();
    first().script = [](const HttpRequest&, Connection c) {
        c->after(milliseconds(40), [c] { say(c, " world"); });
    };
    auto request = request_of(session_);
    request.continue_from = "Hello";
    EXPECT_EQ(finish(start(request)).text, " world");
    EXPECT_EQ(hedged(), 0u);
    EXPECT_EQ(asked_second(), 0);
}

TEST_F(ClientHedgeTest, NoMoreThanTheShareOfTheCallsIs) {
    policy.hedge.extra_calls_max_percent = 10;
    know_the_usual();
    first().script = [](const HttpRequest&, Connection c) {
        c->after(milliseconds(15), [c] { say(c, "late"); });
    };
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(finish(start_again()).answer);
    const auto status = client->hedges();
    EXPECT_GT(status.hedged, 0u);
    EXPECT_LE(status.hedged * 10, status.calls);
    EXPECT_LE(asked_second(), static_cast<int>(hedged())) << "some were too late to be sent";
}

TEST_F(ClientHedgeTest, StoppingTheCallClosesBothConnections) {
    know_the_usual();
    first().script = [](const HttpRequest&, Connection) {};
    second().script = [](const HttpRequest&, Connection) {};
    const CallId call = start_again();
    ASSERT_TRUE(run_until([&] { return asked_second() == 1; }));
    EXPECT_EQ(running(), 2u);
    client->stop(call);
    EXPECT_EQ(running(), 0u);
    EXPECT_TRUE(
        run_until([&] { return first().closed_by_peer() == 1 && second().closed_by_peer() == 1; }));
    EXPECT_FALSE(sink.records[call].over());
}

TEST_F(ClientHedgeTest, StoppingTheCallFromItsFirstContentIsSafe) {
    know_the_usual();
    first().script = [](const HttpRequest&, Connection) {};
    sink.when_content = [&](CallId call) { client->stop(call); };
    const CallId call = start_again();
    ASSERT_TRUE(run_until([&] { return sink.records[call].pieces == 1; }));
    EXPECT_EQ(running(), 0u);
    EXPECT_TRUE(run_until([&] { return first().closed_by_peer() == 1; }));
    EXPECT_FALSE(sink.records[call].over());
}

TEST_F(ClientHedgeTest, IsOffWhereNobodyAsksForIt) {
    policy.hedge = {};
    know_the_usual();
    first().script = [](const HttpRequest&, Connection c) {
        c->after(milliseconds(40), [c] { say(c, "late"); });
    };
    EXPECT_EQ(finish(start_again()).text, "late");
    EXPECT_EQ(asked_second(), 0);
    EXPECT_EQ(client->hedges().hedged, 0u);
}

}  // namespace
}  // namespace emostage::llm
