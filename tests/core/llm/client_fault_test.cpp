// Everything that goes wrong at the far end, over real sockets.
#include <gtest/gtest.h>

#include "tests/core/llm/client_fixture.hpp"

namespace emostage::llm {
namespace {

class ClientFaultTest : public ClientFixture {
protected:
    Recorder::Record run_against(test::Script script, bool stream = true) {
        serve(std::move(script));
        auto request = stream_request();
        request.stream = stream;
        return finish(start(request));
    }
    static void hello(Connection c) {
        c->begin_stream();
        c->content("Hello");
        c->finish();
        c->end_stream();
    }
};

TEST_F(ClientFaultTest, ABusyEndpointIsAskedAgainAfterTheTimeItNames) {
    TimePoint refused_at;
    TimePoint asked_again_at;
    const auto got = run_against([&](const HttpRequest& request, Connection c) {
        if (request.number == 1) {
            refused_at = Clock::now();
            c->respond(429, "{}", "Retry-After: 9\r\nRetry-After-Ms: 60\r\n");
        } else {
            asked_again_at = Clock::now();
            hello(c);
        }
    });
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.answer->tries, 2);
    EXPECT_GE(asked_again_at - refused_at, milliseconds(60));
}

TEST_F(ClientFaultTest, ServerErrorsAreRetriedThenFail) {
    const auto got = run_against([](const HttpRequest&, Connection c) {
        c->respond(500, R"({"error":{"message":"she said she is sad","type":"server_error"}})");
    });
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_failed);
    EXPECT_EQ(got.failure->error.message, "endpoint s1: HTTP 500 (server_error), 3 tries");
    EXPECT_EQ(servers[0]->requests(), 3);
}

TEST_F(ClientFaultTest, ARefusalIsNotRepeated) {
    const auto got =
        run_against([](const HttpRequest&, Connection c) { c->respond(404, "not json"); });
    EXPECT_EQ(got.failure->error.code, Errc::model_refused);
    EXPECT_EQ(servers[0]->requests(), 1);
}

TEST_F(ClientFaultTest, ARedirectIsNotFollowed) {
    const auto got = run_against([&](const HttpRequest&, Connection c) {
        c->respond(307, "", "Location: " + servers[0]->url() + "/elsewhere\r\n");
    });
    EXPECT_EQ(got.failure->error.code, Errc::model_refused);
    EXPECT_EQ(servers[0]->requests(), 1);
}

TEST_F(ClientFaultTest, AStreamThatIsCutIsAFailureHoweverTheConnectionEnds) {
    const std::function<void(Connection)> endings[] = {
        [](Connection c) { c->close(); }, [](Connection c) { c->reset(); },
        [](Connection c) { c->send("0\r\n\r\n"); },
        [](Connection c) { c->send("zz\r\nnonsense"); }};
    for (const auto& ending : endings) {
        auto& server = serve([&](const HttpRequest&, Connection c) {
            c->begin_stream();
            c->content("Hel");
        });
        Client only(loop, {endpoints.back()}, 1);
        sink.records.clear();
        Connection open;
        server.script = [&](const HttpRequest&, Connection c) {
            open = c;
            c->begin_stream();
            c->content("Hel");
        };
        sink.when_content = [&](CallId) { ending(open); };
        const CallId call = only.start(stream_request(), sink);
        const auto got = finish(call);
        ASSERT_TRUE(got.failure);
        EXPECT_EQ(got.failure->error.code, Errc::model_cut) << got.failure->error.message;
        EXPECT_TRUE(got.failure->delivered);
        EXPECT_EQ(got.text, "Hel");
        EXPECT_EQ(server.requests(), 1) << "not repeated: text had been shown";
    }
}

TEST_F(ClientFaultTest, AStreamThatIsCutBeforeAnyContentIsTriedAgain) {
    const auto got = run_against([](const HttpRequest& request, Connection c) {
        if (request.number == 1) {
            c->begin_stream();
            c->content("");
            c->close();
        } else {
            hello(c);
        }
    });
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "Hello");
    EXPECT_EQ(got.answer->tries, 2);
}

TEST_F(ClientFaultTest, AnEmptyBodyWithStatus200IsAFailure) {
    for (bool stream : {true, false}) {
        servers.clear();
        endpoints.clear();
        client.reset();
        sink.records.clear();
        const auto got =
            run_against([](const HttpRequest&, Connection c) { c->respond(200, ""); }, stream);
        ASSERT_TRUE(got.failure);
        EXPECT_EQ(got.failure->error.code, Errc::model_cut);
        EXPECT_EQ(servers[0]->requests(), 3);
    }
}

TEST_F(ClientFaultTest, AnErrorInsideTheStreamIsAFailure) {
    Connection open;
    sink.when_content = [&](CallId) {
        open->event(R"({"error":{"message":"secret","type":"server_error"}})");
    };
    const auto got = run_against([&](const HttpRequest&, Connection c) {
        open = c;
        c->begin_stream();
        c->content("Hel");
    });
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_failed);
    EXPECT_EQ(got.failure->error.message, "endpoint s1: error in the answer (server_error), 1 try");
    EXPECT_TRUE(run_until([&] { return servers[0]->closed_by_peer() == 1; }));
}

TEST_F(ClientFaultTest, AnErrorDocumentInsteadOfAStreamIsAFailure) {
    const auto got = run_against([](const HttpRequest&, Connection c) {
        c->respond(200, R"({"error":{"message":"secret","code":400}})");
    });
    EXPECT_EQ(got.failure->error.code, Errc::model_refused);
    EXPECT_EQ(got.failure->error.message, "endpoint s1: error in the answer (400), 1 try");
}

TEST_F(ClientFaultTest, AMalformedChunkBeforeContentIsTriedAgain) {
    const auto got = run_against([](const HttpRequest& request, Connection c) {
        if (request.number > 1) return hello(c);
        c->begin_stream();
        c->event("{\"choices\":[{\"del");
    });
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "Hello");
}

TEST_F(ClientFaultTest, SomethingOtherThanHttpIsAFailure) {
    const auto got =
        run_against([](const HttpRequest&, Connection c) { c->send("SSH-2.0-OpenSSH_9.2\r\n"); });
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_failed) << got.failure->error.message;
}

TEST_F(ClientFaultTest, EndlessHeadersAreAFailure) {
    const auto got = run_against([](const HttpRequest&, Connection c) {
        std::string head = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 2000; ++i) head += "X-Header: " + std::string(100, 'x') + "\r\n";
        c->send(head);
    });
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_failed) << got.failure->error.message;
}

TEST_F(ClientFaultTest, SilenceBeforeTheFirstTokenAndWithinTheReplyTimesOut) {
    auto& server = serve([](const HttpRequest& request, Connection c) {
        if (request.number == 1) return;  // slow headers
        c->begin_stream();
        if (request.number == 3) c->content("Hel");
    });
    auto request = stream_request();
    request.timeouts.first_token = milliseconds(150);
    request.timeouts.silence = milliseconds(30);
    const TimePoint began = Clock::now();
    const auto got = finish(start(request));
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_timeout);
    EXPECT_EQ(got.failure->error.message, "endpoint s1: no more content within 30 ms, 3 tries");
    EXPECT_GE(Clock::now() - began, milliseconds(330));
    EXPECT_TRUE(run_until([&] { return server.closed_by_peer() == 3; }));
}

TEST_F(ClientFaultTest, TheTotalTimeHoldsForAWholeAnswerToo) {
    auto& server = serve([](const HttpRequest&, Connection) {});
    ChatRequest request;
    request.timeouts.total = milliseconds(40);
    const auto got = finish(start(request));
    EXPECT_EQ(got.failure->error.message, "endpoint s1: no end within 40 ms, 1 try");
    EXPECT_TRUE(run_until([&] { return server.closed_by_peer() == 1; }));
}

TEST_F(ClientFaultTest, ARefusedConnectionIsUnreachable) {
    serve(nullptr);
    servers.clear();  // its port is free again
    const auto got = finish(start_stream());
    ASSERT_TRUE(got.failure);
    EXPECT_EQ(got.failure->error.code, Errc::model_unreachable);
    EXPECT_EQ(got.failure->tries, 3);
    EXPECT_EQ(got.failure->error.message.rfind("endpoint s1: ", 0), 0u);
}

TEST_F(ClientFaultTest, ANameThatDoesNotResolveIsUnreachableAndStopDoesNotWaitForIt) {
    EndpointConfig config;
    config.name = "nowhere";
    config.url = "http://no-such-host.invalid:9/v1";
    endpoints.push_back(config);
    const CallId call = start_stream();
    loop.restart();
    loop.run_for(milliseconds(2));
    const TimePoint before = Clock::now();
    client->stop(call);
    EXPECT_LT(Clock::now() - before, milliseconds(2000));
    auto request = stream_request();
    request.timeouts.total = milliseconds(3000);
    const auto got = finish(start(request));
    ASSERT_TRUE(got.failure);
}

TEST_F(ClientFaultTest, AConnectionThatDiedWhileIdleIsReplacedWithoutARetry) {
    policy.tries_max = 1;
    Connection last;
    auto& server = serve([&](const HttpRequest& request, Connection c) {
        // The second request of a connection is met by its end, as when keep-alive ran out.
        if (request.number == 2) return c->reset();
        hello(c);
    });
    ASSERT_TRUE(finish(start_stream()).answer);
    const auto got = finish(start_stream());
    ASSERT_TRUE(got.answer) << got.failure->error.message;
    EXPECT_EQ(server.connections(), 2);
}

TEST_F(ClientFaultTest, ABreakerOpensAndRecovers) {
    bool healthy = false;
    auto& server = serve(
        [&](const HttpRequest&, Connection c) { healthy ? hello(c) : c->respond(500, "{}"); });
    policy.tries_max = 1;
    policy.breaker.open_first = milliseconds(250);
    policy.endpoint_wait_max = milliseconds(0);
    make_client();
    for (std::size_t i = 0; i < policy.breaker.failures_in_a_row_max; ++i) finish(start_stream());
    EXPECT_EQ(client->endpoints(Clock::now())[0].breaker, BreakerState::open);
    const int before = server.requests();
    const auto refused = finish(start_stream());
    EXPECT_EQ(refused.failure->error.code, Errc::model_unreachable);
    EXPECT_EQ(refused.failure->tries, 0);
    EXPECT_EQ(server.requests(), before) << "an open breaker sends nothing";
    healthy = true;
    Recorder::Record got;
    do {
        got = finish(start_stream());
    } while (!got.answer && server.requests() == before);
    EXPECT_TRUE(got.answer);
    EXPECT_EQ(client->endpoints(Clock::now())[0].breaker, BreakerState::closed);
}

TEST_F(ClientFaultTest, AnotherEndpointTakesOverBeforeTheFirstToken) {
    auto bad = [](const HttpRequest&, Connection c) { c->respond(503, "{}"); };
    auto good = [](const HttpRequest&, Connection c) { hello(c); };
    serve(bad);
    serve(good);
    for (int i = 0; i < 10; ++i) {
        auto request = stream_request();
        request.session = "session-" + std::to_string(i);
        const auto got = finish(start(request));
        ASSERT_TRUE(got.answer);
        EXPECT_EQ(got.answer->endpoint, "s2");
    }
}

}  // namespace
}  // namespace emostage::llm
