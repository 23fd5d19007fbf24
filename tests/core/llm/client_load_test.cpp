// Many calls at once: affinity, stops, exact load counts.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/core/llm/client_fixture.hpp"

namespace emostage::llm {
namespace {

class ClientLoadTest : public ClientFixture {
protected:
    static void hello(Connection c) {
        c->begin_stream();
        c->content("Hello");
        c->finish();
        c->end_stream();
    }
};

TEST_F(ClientLoadTest, StopClosesTheConnectionBeforeItReturns) {
    auto& server = serve([&](const HttpRequest& request, Connection c) {
        if (request.number > 1) c->begin_stream();
        if (request.number > 2) c->content("a");
    });
    for (int round = 1; round <= 3; ++round) {  // before the head, silent, streaming
        const CallId call = start_stream();
        ASSERT_TRUE(run_until([&] {
            return server.requests() == round && (round < 3 || sink.records[call].pieces > 0);
        }));
        client->stop(call);
        EXPECT_EQ(running(), 0u);
        // Closed before stop() returned: the server sees it without any waiting.
        for (int i = 0; i < 10 && server.closed_by_peer() < round; ++i) loop.poll();
        EXPECT_EQ(server.closed_by_peer(), round);
        EXPECT_FALSE(sink.records[call].over());
    }
    EXPECT_EQ(server.connections(), 3) << "a stopped call's connection is not used again";
}

TEST_F(ClientLoadTest, StopBeforeTheConnectionIsThereSendsNothing) {
    auto& server = serve([](const HttpRequest&, Connection c) { hello(c); });
    const CallId call = start_stream();
    client->stop(call);
    client->stop(call + 1000);
    ASSERT_TRUE(finish(start_stream()).answer);
    EXPECT_EQ(server.requests(), 1);
    EXPECT_FALSE(sink.records[call].over());
}

TEST_F(ClientLoadTest, ASessionStaysWithItsEndpoint) {
    for (int i = 0; i < 3; ++i) serve([](const HttpRequest&, Connection c) { hello(c); });
    std::set<std::string> used;
    for (int session = 0; session < 12; ++session) {
        std::set<std::string> own;
        for (int turn = 0; turn < 4; ++turn) {
            auto request = stream_request();
            request.session = "session-" + std::to_string(session);
            own.insert(finish(start(request)).answer->endpoint);
        }
        EXPECT_EQ(own.size(), 1u);
        used.merge(own);
    }
    EXPECT_EQ(used.size(), 3u);
}

TEST_F(ClientLoadTest, FiveHundredStreamsRunAtOnce) {
    constexpr int count = 500;
    std::vector<Connection> open;
    auto& server = serve([&](const HttpRequest&, Connection c) {
        c->begin_stream();
        open.push_back(c);
    });
    std::vector<CallId> calls;
    for (int i = 0; i < count; ++i) calls.push_back(start_stream());
    ASSERT_TRUE(run_until([&] { return open.size() == count; }));
    EXPECT_EQ(running(), std::size_t{count});
    for (int token = 0; token < 20; ++token) {
        for (auto& c : open) c->content("x");
    }
    for (auto& c : open) {
        c->finish();
        c->end_stream();
    }
    for (CallId call : calls) {
        const auto got = finish(call);
        ASSERT_TRUE(got.answer);
        ASSERT_EQ(got.text, std::string(20, 'x'));
    }
    EXPECT_EQ(server.connections(), count);
    open.clear();
    for (int i = 0; i < count; ++i) calls.push_back(start_stream());
    ASSERT_TRUE(run_until([&] { return open.size() == count; }));
    EXPECT_EQ(server.connections(), count) << "all of them are used again";
    for (CallId call : calls) client->stop(call);
    ASSERT_TRUE(run_until([&] { return server.closed_by_peer() == count; }));
}

TEST_F(ClientLoadTest, LoadCountsAreExactThroughEveryKindOfEnd) {
    std::mt19937 random(5);
    const auto script = [&](const HttpRequest&, Connection c) {
        switch (random() % 8) {
            case 0:
                return c->respond(500, "{}");
            case 1:
                return c->respond(429, "{}", "Retry-After-Ms: 1\r\n");
            case 2:
                return c->reset();
            case 3:
                c->begin_stream();
                c->content("a");
                return c->close();
            case 4:
                c->begin_stream();
                return c->event("nonsense");
            case 5:
                return;  // silence
            default:
                return hello(c);
        }
    };
    serve(script);
    serve(script);
    policy.breaker.open_first = milliseconds(1);
    policy.breaker.open_max = milliseconds(4);
    make_client();
    std::vector<CallId> calls;
    for (int i = 0; i < 400; ++i) {
        auto request = stream_request();
        request.session = std::to_string(random() % 20);
        request.timeouts.first_token = milliseconds(50);
        request.timeouts.total = milliseconds(5000);
        calls.push_back(start(request));
        loop.restart();
        for (int k = 0; k < 20; ++k) loop.poll_one();
        if (random() % 4 == 0) {
            const CallId victim = calls[random() % calls.size()];
            if (!sink.records[victim].over()) client->stop(victim);
        }
    }
    ASSERT_TRUE(run_until([&] { return running() == 0; }));
    std::size_t answers = 0;
    std::size_t failures = 0;
    for (const auto& [call, record] : sink.records) {
        answers += record.answer ? 1 : 0;
        failures += record.failure ? 1 : 0;
        if (record.answer) {
            EXPECT_EQ(record.text, "Hello");
        }
    }
    EXPECT_GT(answers, 0u);
    EXPECT_GT(failures, 0u);
}

}  // namespace
}  // namespace emostage::llm
