#include "bench/rehearsal/server.hpp"

#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bench/rehearsal/lines.hpp"
#include "tests/bench/rehearsal/running_server.hpp"
#include "tests/bench/rehearsal/wire_client.hpp"

namespace emostage::rehearsal {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

Json stats_of(const RunningServer& server) {
    WireClient client(server.port());
    client.get("/stats");
    return client.receive().json();
}

// Asks until the counter is there: what it counts happens on the server's own time.
Json stats_when(const RunningServer& server, const std::string& key, std::uint64_t value) {
    const TimePoint until = Clock::now() + WireClient::patience;
    Json stats = stats_of(server);
    while (stats[key] != value && Clock::now() < until) stats = stats_of(server);
    return stats;
}

// Ids and times differ from answer to answer; the rest does not.
std::string without_names(std::string text) {
    for (const std::string_view key : {"\"id\":\"chatcmpl-rehearsal-", "\"created\":"}) {
        for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
            std::size_t end = at + key.size();
            while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
            text.replace(at + key.size(), end - at - key.size(), "N");
        }
    }
    return text;
}

TEST(Server, AStreamHasTheShapeOfOpenAisByteByByte) {
    Options options;
    options.tokens = 2;
    RunningServer server(options);
    WireClient client(server.port());
    Json body = user_says("Hello there");
    body["stream_options"] = {{"include_usage", true}};
    const WireResponse response = client.chat(body);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("content-type"), "text/event-stream; charset=utf-8");
    EXPECT_EQ(response.header("cache-control"), "no-cache");
    EXPECT_EQ(response.header("x-accel-buffering"), "no");
    EXPECT_EQ(response.header("connection"), "keep-alive");
    EXPECT_TRUE(response.whole);
    const std::string begin =
        "data: {\"id\":\"chatcmpl-rehearsal-N\",\"object\":\"chat.completion.chunk\",\"created\":N,"
        "\"model\":\"rehearsal\",\"system_fingerprint\":\"rehearsal\",\"choices\":[";
    const std::string end = ",\"usage\":null}\n\n";
    EXPECT_EQ(
        without_names(response.body),
        begin +
            "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
            "\"logprobs\":null,\"finish_reason\":null}]" +
            end + begin +
            "{\"index\":0,\"delta\":{\"content\":\"(\"},"
            "\"logprobs\":null,\"finish_reason\":null}]" +
            end + begin +
            "{\"index\":0,\"delta\":{\"content\":\"Rehearsal\"},"
            "\"logprobs\":null,\"finish_reason\":null}]" +
            end + begin +
            "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]" + end +
            begin +
            "],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n"
            "data: [DONE]\n\n");
}

TEST(Server, UsageIsSentOnlyWhereItIsAskedFor) {
    RunningServer server({});
    WireClient client(server.port());
    EXPECT_THAT(client.chat(user_says("Hello")).body, testing::Not(HasSubstr("usage")));
}

TEST(Server, AWholeAnswerHasTheShapeOfOpenAis) {
    RunningServer server({});
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello", false));
    EXPECT_EQ(response.header("content-type"), "application/json");
    const Json answer = response.json();
    EXPECT_EQ(answer["object"], "chat.completion");
    EXPECT_EQ(answer["model"], "rehearsal");
    EXPECT_EQ(answer["system_fingerprint"], "rehearsal");
    EXPECT_TRUE(answer["created"].is_number_integer());
    ASSERT_EQ(answer["choices"].size(), 1u);
    EXPECT_EQ(answer["choices"][0]["index"], 0);
    EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
    EXPECT_EQ(answer["choices"][0]["message"]["role"], "assistant");
    EXPECT_GT(answer["usage"]["completion_tokens"], 5);
    EXPECT_EQ(answer["usage"]["total_tokens"], answer["usage"]["prompt_tokens"].get<int>() +
                                                   answer["usage"]["completion_tokens"].get<int>());
}

TEST(Server, StreamedAndWholeAnswersSayTheSame) {
    RunningServer server({});
    WireClient client(server.port());
    EXPECT_EQ(client.chat(user_says("仕事がつらいです")).content(),
              client.chat(user_says("仕事がつらいです", false)).content());
}

TEST(Server, TheSeedAndTheTalkDecideTheWords) {
    const auto say = [](std::uint64_t seed, std::string_view text) {
        Options options;
        options.seed = seed;
        RunningServer server(options);
        WireClient client(server.port());
        return without_names(client.chat(user_says(text)).body);
    };
    EXPECT_EQ(say(5, "我很难过"), say(5, "我很难过"));
    std::vector<std::string> others;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) others.push_back(say(seed, "我很难过"));
    EXPECT_NE(std::count(others.begin(), others.end(), others.front()), 8);
}

TEST(Server, RepliesComeInTheClientsLanguageAndSayThatThisIsARehearsal) {
    RunningServer server({});
    WireClient client(server.port());
    EXPECT_THAT(client.chat(user_says("眠れません")).content(),
                testing::StartsWith(std::string(mark(Language::ja))));
    EXPECT_THAT(client.chat(user_says("睡不着")).content(),
                testing::StartsWith(std::string(mark(Language::zh))));
    EXPECT_THAT(client.chat(user_says("cannot sleep")).content(),
                testing::StartsWith(std::string(mark(Language::en))));
}

TEST(Server, TheAnalysesAreJsonAndThePhaseMoves) {
    RunningServer server({});
    WireClient client(server.port());
    std::string transcript;
    std::vector<std::string> seen;
    for (int line = 1; line <= 12; ++line) {
        transcript += "Client: I am so tired of it\nCounsellor: Mm.\n";
        const Json phase = Json::parse(client.chat(staged("phase", transcript, false)).content());
        if (seen.empty() || seen.back() != phase["phase"]) seen.push_back(phase["phase"]);
    }
    EXPECT_THAT(seen,
                testing::ElementsAre("opening", "exploring", "understanding", "acting", "closing"));
    const Json perspective =
        Json::parse(client.chat(staged("perspective", transcript, false)).content());
    EXPECT_EQ(perspective["emotions"][0]["name"], "exhaustion");
}

TEST(Server, MaxTokensCutsAndSaysSo) {
    RunningServer server({});
    WireClient client(server.port());
    Json body = user_says("Hello", false);
    body["max_tokens"] = 3;
    const Json answer = client.chat(body).json();
    EXPECT_EQ(answer["choices"][0]["message"]["content"], "(Rehearsal reply");
    EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
    EXPECT_EQ(answer["usage"]["completion_tokens"], 3);
}

TEST(Server, TokensAreExactlyAsManyAsAskedFor) {
    for (const std::size_t wanted : {1u, 3u, 500u}) {
        Options options;
        options.tokens = wanted;
        RunningServer server(options);
        WireClient client(server.port());
        // The role chunk, the contents, the finish chunk, [DONE].
        EXPECT_EQ(client.chat(user_says("Hello")).events().size(), wanted + 3);
        EXPECT_EQ(stats_of(server)["contents"], wanted);
    }
}

TEST(Server, NothingComesBeforeItsTime) {
    Options options;
    options.first_token = milliseconds(60);
    options.between_tokens = milliseconds(20);
    options.tokens = 4;
    RunningServer server(options);
    WireClient client(server.port());
    const TimePoint began = Clock::now();
    client.post_chat(user_says("Hello"));
    client.receive_until("\r\n\r\n");
    client.receive_until("\"role\"");
    EXPECT_GE(Clock::now() - began, milliseconds(60));
    client.receive_until("[DONE]");
    EXPECT_GE(Clock::now() - began, milliseconds(120));
}

TEST(Server, AWholeAnswerTakesTheTimeOfItsTokens) {
    Options options;
    options.first_token = milliseconds(40);
    options.between_tokens = milliseconds(10);
    options.whole_tokens = 5;
    RunningServer server(options);
    WireClient client(server.port());
    const TimePoint began = Clock::now();
    client.chat(user_says("Hello", false));
    EXPECT_GE(Clock::now() - began, milliseconds(80));
}

TEST(Server, ModelsHealthAndStatsAreAnswered) {
    Options options;
    options.model = "stand-in";
    RunningServer server(options);
    WireClient client(server.port());
    client.get("/v1/models");
    const Json models = client.receive().json();
    EXPECT_EQ(models["object"], "list");
    EXPECT_EQ(models["data"][0]["id"], "stand-in");
    EXPECT_EQ(models["data"][0]["object"], "model");
    client.get("/healthz");
    EXPECT_EQ(client.receive().json()["status"], "ok");
    client.chat(staged("response", "Client: hi", true));
    client.chat(staged("phase", "Client: hi", false));
    client.get("/stats");
    const Json stats = client.receive().json();
    EXPECT_EQ(stats["rehearsal"], true);
    EXPECT_EQ(stats["requests"], 5);
    EXPECT_EQ(stats["chats"], 2);
    EXPECT_EQ(stats["chats_streamed"], 1);
    EXPECT_EQ(stats["chats_whole"], 2);
    EXPECT_EQ(stats["chats_running"], 0);
    EXPECT_EQ(stats["connections"], 1);
    EXPECT_EQ(stats["stages"], Json::parse(R"({"phase":1,"response":1})"));
}

TEST(Server, AnErrorHasOpenAisShapeAndTheConnectionGoesOn) {
    RunningServer server({});
    WireClient client(server.port());
    const WireResponse bad = client.chat({{"messages", 1}});
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.json(), Json::parse(R"({"error":{"message":
        "'messages' must be a list of at least one message",
        "type":"invalid_request_error","param":"messages","code":null}})"));
    client.get("/nowhere");
    EXPECT_EQ(client.receive().json()["error"]["code"], "not_found");
    client.get("/v1/chat/completions");
    const WireResponse method = client.receive();
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(method.header("allow"), "POST");
    EXPECT_EQ(client.chat(user_says("Hello")).status, 200);
    EXPECT_EQ(stats_of(server)["bad_requests"], 3);
}

TEST(Server, ARequestIdComesBack) {
    RunningServer server({});
    WireClient client(server.port());
    client.send("GET /healthz HTTP/1.1\r\nX-Request-Id: abc-1\r\n\r\n");
    EXPECT_EQ(client.receive().header("x-request-id"), "abc-1");
}

TEST(Server, RequestsThatComeTooEarlyAreAnsweredInOrder) {
    Options options;
    options.first_token = milliseconds(20);
    RunningServer server(options);
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.get("/healthz");
    client.get("/v1/models");
    EXPECT_THAT(client.receive().body, HasSubstr("[DONE]"));
    EXPECT_THAT(client.receive().body, HasSubstr("ok"));
    EXPECT_THAT(client.receive().body, HasSubstr("list"));
}

TEST(Server, ThousandsOfSmallRequestsAtOnceAreAnsweredOneByOne) {
    RunningServer server({});
    WireClient client(server.port());
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "GET /healthz HTTP/1.1\r\n\r\n";
    client.send(many);
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(client.receive().status, 200) << i;
}

TEST(Server, AClientThatFloodsDuringAnAnswerIsClosed) {
    Options options;
    options.first_token = std::chrono::minutes(1);
    options.limits.early_bytes_max = 1000;
    RunningServer server(options);
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.receive_until("\r\n\r\n");
    client.send(std::string(5000, 'x'));
    EXPECT_TRUE(client.ended());
}

TEST(Server, AClientThatExpectsToContinueIsTold) {
    RunningServer server({});
    WireClient client(server.port());
    const std::string body = user_says("Hello", false).dump();
    client.send("POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n");
    EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    EXPECT_EQ(client.receive().status, 200);
}

TEST(Server, WhatIsTooLargeOrNoHttpIsRefusedAndClosed) {
    Options options;
    options.limits.body_bytes_max = 1000;
    options.limits.head_bytes_max = 2000;
    RunningServer server(options);
    const auto refused = [&server](const std::string& bytes) {
        WireClient client(server.port());
        client.send(bytes);
        const WireResponse response = client.receive();
        EXPECT_EQ(response.header("connection"), "close");
        EXPECT_EQ(response.json()["error"]["type"], "invalid_request_error");
        EXPECT_TRUE(client.ended());
        return response.status;
    };
    EXPECT_EQ(refused("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" +
                      std::string(100'000, 'x')),
              413);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')), 431);
    EXPECT_EQ(refused("\x16\x03\x01 this is TLS, say"), 400);
    WireClient client(server.port());
    EXPECT_EQ(client.chat(user_says("Hello")).status, 200) << "the others go on";
}

TEST(Server, AConnectionTooManyIsToldAndClosed) {
    Options options;
    options.limits.connections_max = 2;
    RunningServer server(options);
    WireClient one(server.port()), two(server.port());
    EXPECT_EQ(one.chat(user_says("a")).status, 200);
    EXPECT_EQ(two.chat(user_says("a")).status, 200);
    WireClient three(server.port());
    const WireResponse refused = three.receive();
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.whole);
    EXPECT_EQ(refused.json()["error"]["type"], "server_error");
    EXPECT_TRUE(three.ended());
    EXPECT_EQ(one.chat(user_says("a")).status, 200);
}

TEST(Server, ARequestThatNeverEndsIsRefusedInTime) {
    Options options;
    options.limits.request_max = milliseconds(50);
    RunningServer server(options);
    WireClient client(server.port());
    client.send("POST /v1/chat/completions HTTP/1.1\r\nContent-Le");
    EXPECT_EQ(client.receive().status, 408);
    EXPECT_TRUE(client.ended());
}

TEST(Server, AnIdleConnectionIsClosedInTime) {
    Options options;
    options.limits.idle_max = milliseconds(50);
    RunningServer server(options);
    WireClient client(server.port());
    EXPECT_TRUE(client.ended());
}

TEST(Server, AClientThatNeverReadsIsClosedInTime) {
    Options options;
    options.tokens = tokens_max;
    options.limits.unread_max = milliseconds(50);
    RunningServer server(options);
    WireClient client(server.port());
    // Eight answers of three megabytes: more than the kernel buffers for a reader that does not.
    for (int i = 0; i < 8; ++i) client.post_chat(user_says("Hello"));
    EXPECT_EQ(stats_when(server, "connections_open", 1)["connections_open"], 1);
}

TEST(Server, AnOldClientGetsAWholeAnswerButNoStream) {
    RunningServer server({});
    const auto status = [&server](bool stream) {
        WireClient client(server.port());
        const std::string body = user_says("Hello", stream).dump();
        client.send("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        const WireResponse response = client.receive();
        EXPECT_EQ(response.header("connection"), "close");
        EXPECT_TRUE(client.ended());
        return response.status;
    };
    EXPECT_EQ(status(false), 200);
    EXPECT_EQ(status(true), 400);
}

struct ServerClose : testing::Test {
    ServerClose() {
        options.first_token = std::chrono::minutes(1);
        options.close_log = (std::filesystem::temp_directory_path() /
                             ("rehearsal-close-" + std::to_string(::getpid()) + ".jsonl"))
                                .string();
        std::filesystem::remove(options.close_log);
    }
    ~ServerClose() override { std::filesystem::remove(options.close_log); }

    std::vector<Json> logged() const {
        std::vector<Json> lines;
        std::ifstream file(options.close_log);
        for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
        return lines;
    }

    Options options;
};

TEST_F(ServerClose, IsSeenAtOnceWhileTheAnswerIsSilent) {
    RunningServer server(options);
    {
        WireClient client(server.port());
        client.post_chat(staged("perspective", "Client: hi", false));
        stats_when(server, "chats_running", 1);
    }
    const std::int64_t closed_at = now().unix_ms;
    const Json stats = stats_when(server, "client_closed", 1);
    EXPECT_EQ(stats["client_closed"], 1);
    EXPECT_EQ(stats["chats_running"], 0);
    ASSERT_EQ(logged().size(), 1u);
    const Json line = logged()[0];
    EXPECT_EQ(line["phase_of_answer"], "silent");
    EXPECT_EQ(line["stage"], "perspective");
    EXPECT_EQ(line["request"], 1);
    // Seen long before the answer was due, whatever the machine is doing besides.
    EXPECT_LT(line["at_ms"].get<std::int64_t>() - closed_at, 5'000);
    EXPECT_LT(line["after_ms"].get<std::int64_t>(), 30'000);
}

TEST_F(ServerClose, IsSeenAtOnceWhileTheAnswerStreams) {
    options.first_token = {};
    options.between_tokens = std::chrono::minutes(1);
    RunningServer server(options);
    {
        WireClient client(server.port());
        client.post_chat(staged("response", "Client: hi", true));
        client.receive_until("\"content\":\"(\"");
    }
    stats_when(server, "client_closed", 1);
    ASSERT_EQ(logged().size(), 1u);
    EXPECT_EQ(logged()[0]["phase_of_answer"], "streaming");
}

TEST_F(ServerClose, ByResetIsSeenToo) {
    RunningServer server(options);
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.receive_until("\r\n\r\n");
    client.reset();
    EXPECT_EQ(stats_when(server, "client_closed", 1)["client_closed"], 1);
    ASSERT_EQ(logged().size(), 1u);
    EXPECT_EQ(logged()[0]["stage"], "");
}

TEST_F(ServerClose, AfterAnAnswerIsNoCancel) {
    options.first_token = {};
    RunningServer server(options);
    {
        WireClient client(server.port());
        client.chat(user_says("Hello"));
    }
    const Json stats = stats_when(server, "connections_open", 1);
    EXPECT_EQ(stats["client_closed"], 0);
    EXPECT_TRUE(logged().empty());
}

TEST(ServerStop, LetsRunningAnswersFinish) {
    Options options;
    options.first_token = milliseconds(100);
    RunningServer server(options);
    WireClient idle(server.port()), busy(server.port());
    idle.get("/healthz");
    idle.receive();
    busy.post_chat(user_says("Hello"));
    busy.receive_until("\r\n\r\n");
    server.stop();
    EXPECT_TRUE(idle.ended());
    EXPECT_THAT(busy.receive_until("0\r\n\r\n"), HasSubstr("[DONE]"));
    EXPECT_TRUE(busy.ended());
    EXPECT_THROW(WireClient{server.port()}, std::runtime_error);
    busy.reset();
    server.join();
}

TEST(ServerStop, WaitsForAnswersOnlySoLong) {
    Options options;
    options.first_token = std::chrono::minutes(1);
    options.limits.drain_max = milliseconds(50);
    RunningServer server(options);
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.receive_until("\r\n\r\n");
    server.stop();
    EXPECT_TRUE(client.ended());
    server.join();
}

TEST(ServerStop, TheSecondTimeEndsAtOnce) {
    Options options;
    options.first_token = std::chrono::minutes(1);
    options.limits.drain_max = std::chrono::minutes(1);
    RunningServer server(options);
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.receive_until("\r\n\r\n");
    server.stop();
    server.stop();
    EXPECT_TRUE(client.ended());
    server.join();
}

TEST(Server, APortThatIsTakenIsAnErrorThatNamesIt) {
    RunningServer first({});
    asio::io_context loop;
    Options options;
    options.port = first.port();
    Server second(loop, options);
    const auto port = second.listen();
    ASSERT_FALSE(port.has_value());
    EXPECT_EQ(port.error().code, Errc::io);
    EXPECT_THAT(port.error().message, HasSubstr(std::to_string(first.port())));
}

TEST(Server, ACloseLogThatCannotBeWrittenIsAnErrorAtTheStart) {
    asio::io_context loop;
    Options options;
    options.port = 0;
    options.close_log = "/nonexistent/folder/log";
    Server server(loop, options);
    const auto port = server.listen();
    ASSERT_FALSE(port.has_value());
    EXPECT_THAT(port.error().message, HasSubstr("/nonexistent/folder/log"));
}

}  // namespace
}  // namespace emostage::rehearsal
