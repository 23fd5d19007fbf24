#include "core/llm/client.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/core/llm/client_fixture.hpp"

namespace emostage::llm {
namespace {

using ClientTest = ClientFixture;

void say_hello(const HttpRequest&, Connection c) {
    c->begin_stream();
    c->content("Hel");
    c->content("lo");
    c->finish();
    c->end_stream();
}

TEST_F(ClientTest, AStreamedReplyArrivesWithItsReasonAndUsage) {
    serve(say_hello);
    const auto got = finish(start_stream());
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text, "Hello");
    EXPECT_EQ(got.answer->finish_reason, "stop");
    EXPECT_EQ(got.answer->prompt_tokens, 7);
    EXPECT_EQ(got.answer->completion_tokens, 2);
    EXPECT_EQ(got.answer->endpoint, "s1");
    EXPECT_EQ(got.answer->tries, 1);
    EXPECT_GT(got.answer->first_content, Duration::zero());
}

TEST_F(ClientTest, AWholeReplyArrivesInTheAnswer) {
    serve([](const HttpRequest&, Connection c) {
        c->respond(200,
                   R"({"choices":[{"message":{"content":"{\"a\":1}"},"finish_reason":"stop"}]})");
    });
    ChatRequest request;
    request.user = "hello";
    const auto got = finish(start(request));
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.answer->text, "{\"a\":1}");
    EXPECT_EQ(got.pieces, 0);
}

TEST_F(ClientTest, TheRequestCarriesWhatTheEndpointNeedsAndNoMore) {
    HttpRequest seen;
    serve([&](const HttpRequest& request, Connection c) {
        seen = request;
        say_hello(request, c);
    });
    endpoints[0].key = "k-123";
    auto request = stream_request();
    request.shared_prefix = std::make_shared<const std::string>("Be\nkind \xFF");
    request.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    finish(start(request));
    EXPECT_EQ(seen.target, "/v1/chat/completions");
    EXPECT_NE(seen.head.find("\r\nAuthorization: Bearer k-123\r\n"), std::string::npos);
    EXPECT_NE(seen.head.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    const auto trace = seen.head.find("\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-");
    ASSERT_NE(trace, std::string::npos);
    EXPECT_EQ(seen.head.substr(trace + 2 + 13 + 53, 4), "01\r\n") << "the flags are kept";
    EXPECT_EQ(seen.head.find("b7ad6b7169203331"), std::string::npos) << "a span of its own";
    EXPECT_EQ(seen.head.find("Expect"), std::string::npos);
    EXPECT_EQ(seen.head.find("Accept-Encoding"), std::string::npos);
    const auto body = nlohmann::json::parse(seen.body);
    EXPECT_EQ(body["messages"][0]["content"], "Be\nkind \uFFFD");
    EXPECT_EQ(body["messages"][1]["content"], "hello");
}

TEST_F(ClientTest, ATraceparentThatWouldAddAHeaderIsNotSent) {
    HttpRequest seen;
    serve([&](const HttpRequest& request, Connection c) {
        seen = request;
        say_hello(request, c);
    });
    auto request = stream_request();
    request.traceparent = "00-1\r\nX-Evil: 1";
    finish(start(request));
    EXPECT_EQ(seen.head.find("traceparent"), std::string::npos);
    EXPECT_EQ(seen.head.find("00-1"), std::string::npos);
    EXPECT_EQ(seen.head.find("X-Evil"), std::string::npos);
    EXPECT_EQ(seen.head.find("Authorization"), std::string::npos);
}

TEST_F(ClientTest, AKeyThatNoHeaderCanHoldAndUrlsThatAreNoneAreRefusedAtStart) {
    EndpointConfig config{"e", "http://127.0.0.1:1/v1", "m", "secret\r\nX: 1", {}, 1};
    try {
        Client(loop, {config}, 1);
        FAIL() << "accepted";
    } catch (const std::invalid_argument& error) {
        EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
    }
    config.key.clear();
    config.url = "ftp://host";
    EXPECT_THROW(Client(loop, {config}, 1), std::invalid_argument);
    EXPECT_THROW(Client(loop, {}, 1), std::invalid_argument);
}

TEST_F(ClientTest, AProxyOfTheEnvironmentIsNotAskedForTheOwnHost) {
    ScriptedServer proxy(loop, [](const HttpRequest&, Connection c) { c->respond(400, "{}"); });
    const std::string url = "http://127.0.0.1:" + std::to_string(proxy.port());
    ASSERT_EQ(setenv("http_proxy", url.c_str(), 1), 0);
    serve(say_hello);
    const auto got = finish(start_stream());
    unsetenv("http_proxy");
    EXPECT_TRUE(got.answer);
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(ClientTest, ContentIsHandedOnAsItComes) {
    Connection server_side;
    serve([&](const HttpRequest&, Connection c) {
        server_side = c;
        c->begin_stream();
    });
    const CallId call = start_stream();
    auto& record = sink.records[call];
    ASSERT_TRUE(run_until([&] { return server_side != nullptr; }));
    for (int i = 1; i <= 5; ++i) {
        server_side->content("x");
        ASSERT_TRUE(run_until([&] { return record.pieces == i; }));
    }
    server_side->finish();
    server_side->end_stream();
    EXPECT_EQ(finish(call).text, "xxxxx");
}

TEST_F(ClientTest, CharactersAndEventsSplitOverPacketsAreJoined) {
    const std::string event =
        "data: {\"choices\":[{\"delta\":{\"content\":\"\u3042\U0001F600\"}}]}\r\n\r\n";
    const std::string end =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    serve([&](const HttpRequest&, Connection c) {
        c->send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(event.size() + end.size()) +
                "\r\n\r\n");
        for (std::size_t i = 0; i < event.size(); ++i) {
            c->after(milliseconds(i / 16), [c, byte = event.substr(i, 1)] { c->send(byte); });
        }
        c->after(milliseconds(event.size() / 16 + 1), [c, &end] { c->send(end); });
    });
    EXPECT_EQ(finish(start_stream()).text, "\u3042\U0001F600");
}

TEST_F(ClientTest, ReasoningNeverReachesTheReply) {
    serve([](const HttpRequest&, Connection c) {
        c->begin_stream();
        c->event(R"({"choices":[{"delta":{"reasoning_content":"secret"}}]})");
        c->content("<thi");
        c->content("nk>secret</think>\\n\\n");
        c->content("Hello");
        c->finish();
        c->end_stream();
    });
    EXPECT_EQ(finish(start_stream()).text, "Hello");
}

TEST_F(ClientTest, ConnectionsAreReused) {
    auto& server = serve(say_hello);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(finish(start_stream()).answer);
    EXPECT_EQ(server.requests(), 20);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, TheConnectionServesAgainThoughTheBodyEndsAfterDone) {
    bool body_ended = false;
    auto& server = serve([&](const HttpRequest&, Connection c) {
        c->begin_stream();
        c->content("Hello");
        c->finish();
        c->event("[DONE]");
        c->after(milliseconds(5), [&, c] {
            c->send("0\r\n\r\n");
            body_ended = true;
        });
    });
    ASSERT_TRUE(finish(start_stream()).answer);
    EXPECT_EQ(running(), 0u) << "over at [DONE], not at the body's end";
    ASSERT_TRUE(run_until([&] { return body_ended; }));
    bool waited = false;
    asio::steady_timer timer(loop, milliseconds(20));
    timer.async_wait([&](const asio::error_code&) { waited = true; });
    run_until([&] { return waited; });
    ASSERT_TRUE(finish(start_stream()).answer);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(ClientTest, AServerThatGoesOnAfterDoneIsCutOff) {
    auto& server = serve([](const HttpRequest&, Connection c) {
        c->begin_stream();
        c->content("Hello");
        c->finish();
        c->event("[DONE]");
        c->event(std::string(100'000, 'x'));
    });
    ASSERT_TRUE(finish(start_stream()).answer);
    EXPECT_TRUE(run_until([&] { return server.closed_by_peer() == 1; }));
}

TEST_F(ClientTest, EndlessTextIsCutAndTheConnectionClosed) {
    Connection server_side;
    auto& server = serve([&](const HttpRequest&, Connection c) {
        c->begin_stream();
        for (int i = 0; i < 200; ++i) c->content("0123456789");
    });
    auto request = stream_request();
    request.answer_bytes_max = 1001;
    const auto got = finish(start(request));
    ASSERT_TRUE(got.answer);
    EXPECT_EQ(got.text.size(), 1001u);
    EXPECT_EQ(got.answer->finish_reason, "length");
    EXPECT_TRUE(run_until([&] { return server.closed_by_peer() == 1; }));
}

TEST_F(ClientTest, ABegunAnswerGoesOnAtTheEndpointThatContinues) {
    auto& plain = serve(say_hello);
    std::string seen;
    serve([&](const HttpRequest& request, Connection c) {
        seen = request.body;
        c->begin_stream();
        c->content(" world");
        c->finish();
        c->end_stream();
    });
    make_client();
    EXPECT_FALSE(client->can_continue(Clock::now()));
    endpoints[1].capabilities.continues = Continues::vllm;
    make_client();
    EXPECT_TRUE(client->can_continue(Clock::now()));
    auto request = stream_request();
    request.continue_from = "Hello ";
    for (int i = 0; i < 5; ++i) {
        const auto got = finish(start(request));
        ASSERT_TRUE(got.answer);
        EXPECT_EQ(got.text, "world");
        EXPECT_EQ(got.answer->endpoint, "s2");
    }
    EXPECT_EQ(plain.requests(), 0);
    EXPECT_EQ(nlohmann::json::parse(seen)["messages"].back()["content"], "Hello");
}

TEST_F(ClientTest, SinksAreNeverCalledFromStartOrStop) {
    serve(say_hello);
    bool inside = false;
    sink.when_over = [&](CallId) { EXPECT_FALSE(inside); };
    make_client();
    endpoints[0].calls_max = 0;  // refused at once
    Client full(loop, endpoints, 1);
    inside = true;
    const CallId refused = full.start(stream_request(), sink);
    const CallId stopped = full.start(stream_request(), sink);
    full.stop(stopped);
    inside = false;
    EXPECT_EQ(finish(refused).failure->error.code, Errc::model_busy);
    loop.poll();
    EXPECT_FALSE(sink.records.contains(stopped));
}

TEST_F(ClientTest, ASinkMayStopItsCallAndStartAnother) {
    auto& server = serve([](const HttpRequest& request, Connection c) {
        c->begin_stream();
        c->content("a");
        if (request.number > 1) {
            c->finish();
            c->end_stream();
        }
    });
    CallId second = 0;
    CallId first = 0;
    sink.when_content = [&](CallId call) {
        if (call != first || second != 0) return;
        client->stop(call);
        client->stop(call);
        second = start_stream();
    };
    first = start_stream();
    ASSERT_TRUE(run_until([&] { return second != 0 && sink.records[second].over(); }));
    EXPECT_FALSE(sink.records[first].over());
    EXPECT_EQ(server.connections(), 2) << "a stopped call's connection serves no more";
}

TEST_F(ClientTest, ADestroyedClientIsSilentAndClosesItsConnections) {
    auto& server = serve([](const HttpRequest&, Connection c) { c->begin_stream(); });
    make_client();
    const CallId call = start_stream();
    ASSERT_TRUE(run_until([&] { return server.requests() == 1; }));
    client.reset();
    EXPECT_TRUE(run_until([&] { return server.closed_by_peer() == 1; }));
    EXPECT_FALSE(sink.records[call].over());
}

}  // namespace
}  // namespace emostage::llm
