#include <nlohmann/json.hpp>

#include "bench/rehearsal/answer.hpp"
#include "bench/rehearsal/tokens.hpp"
#include "tests/bench/rehearsal/running_server.hpp"
#include "tests/bench/rehearsal/wire_client.hpp"

namespace emostage::rehearsal {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

Options always(Fault fault) {
    Options options;
    options.faults[fault] = 100;
    return options;
}

std::string unharmed(const Json& body) {
    RunningServer server({});
    WireClient client(server.port());
    return client.chat(body).content();
}

std::uint64_t counted(const RunningServer& server, Fault fault) {
    WireClient client(server.port());
    client.get("/stats");
    return client.receive().json()["faults"][std::string(name(fault))];
}

TEST(ServerFaults, Status500IsAServerError) {
    RunningServer server(always(Fault::status_500));
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello"));
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.json()["error"]["type"], "server_error");
    EXPECT_EQ(client.chat(user_says("Hello")).status, 500) << "the connection goes on";
    EXPECT_EQ(counted(server, Fault::status_500), 2u);
}

TEST(ServerFaults, Status429SaysWhenToComeAgain) {
    Options options = always(Fault::status_429);
    options.retry_after = std::chrono::seconds(7);
    RunningServer server(options);
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello"));
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.header("retry-after"), "7");
    EXPECT_EQ(response.header("retry-after-ms"), "7000");
    EXPECT_EQ(response.json()["error"]["code"], "rate_limit_exceeded");
}

TEST(ServerFaults, ACutStreamNeverEndsProperly) {
    RunningServer server(always(Fault::cut));
    const std::string all = unharmed(user_says("Hello"));
    bool inside = false, between = false;
    for (int i = 0; i < 24; ++i) {
        WireClient client(server.port());
        const WireResponse response = client.chat(user_says("Hello"));
        EXPECT_EQ(response.status, 200);
        EXPECT_FALSE(response.whole);
        EXPECT_THAT(response.body, Not(HasSubstr("[DONE]")));
        EXPECT_THAT(response.body, Not(HasSubstr("\"stop\"")));
        const std::string said = response.content();
        EXPECT_FALSE(said.empty());
        EXPECT_TRUE(all.starts_with(said));
        (response.body.ends_with("\n\n") ? between : inside) = true;
    }
    EXPECT_TRUE(inside && between) << "both kinds occur";
    EXPECT_EQ(counted(server, Fault::cut), 24u);
}

TEST(ServerFaults, ACutBodyIsShorterThanItsLength) {
    RunningServer server(always(Fault::cut));
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello", false));
    EXPECT_FALSE(response.whole);
    EXPECT_FALSE(response.body.empty());
}

TEST(ServerFaults, AnUnendedStreamEndsOnlyAsHttp) {
    RunningServer server(always(Fault::unended));
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello"));
    EXPECT_TRUE(response.whole);
    EXPECT_THAT(response.body, Not(HasSubstr("[DONE]")));
    EXPECT_THAT(response.body, Not(HasSubstr("\"stop\"")));
    EXPECT_EQ(client.chat(user_says("Hello", false)).json()["choices"][0]["finish_reason"], Json());
}

TEST(ServerFaults, AStallForEverKeepsTheConnectionOpen) {
    RunningServer server(always(Fault::stall));
    WireClient client(server.port());
    client.post_chat(user_says("Hello"));
    client.receive_until("\"content\":\"(\"");
    WireClient other(server.port());
    other.get("/stats");
    const Json stats = other.receive().json();
    EXPECT_EQ(stats["chats_running"], 1);
    EXPECT_EQ(stats["connections_open"], 2);
}

TEST(ServerFaults, AStallWithAnEndGoesOnAfterIt) {
    Options options = always(Fault::stall);
    options.stall = milliseconds(120);
    RunningServer server(options);
    WireClient client(server.port());
    const TimePoint began = Clock::now();
    const WireResponse response = client.chat(user_says("Hello"));
    EXPECT_GE(Clock::now() - began, milliseconds(120));
    EXPECT_EQ(response.content(), unharmed(user_says("Hello")));
    EXPECT_THAT(response.body, HasSubstr("[DONE]"));
}

TEST(ServerFaults, AMalformedChunkIsOneBrokenEventAmongGoodOnes) {
    RunningServer server(always(Fault::malformed));
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("Hello"));
    EXPECT_TRUE(response.whole);
    int broken = 0;
    for (const std::string& event : response.events()) {
        if (event != "[DONE]" && !Json::accept(event)) ++broken;
    }
    EXPECT_EQ(broken, 1);
    const WireResponse body = client.chat(user_says("Hello", false));
    EXPECT_TRUE(body.whole);
    EXPECT_FALSE(Json::accept(body.body));
}

TEST(ServerFaults, SplitChunksCarryTheSameText) {
    RunningServer server(always(Fault::split));
    WireClient client(server.port());
    const WireResponse response = client.chat(user_says("不安で眠れません"));
    EXPECT_EQ(response.content(), unharmed(user_says("不安で眠れません")));
    EXPECT_TRUE(response.whole);
    EXPECT_GT(client.reads(), 2 * response.events().size()) << "it came in many pieces";
}

TEST(ServerFaults, ASlowHeadTakesItsTime) {
    Options options = always(Fault::slow_headers);
    options.slow_headers = milliseconds(140);
    RunningServer server(options);
    for (const bool stream : {true, false}) {
        WireClient client(server.port());
        const TimePoint began = Clock::now();
        const WireResponse response = client.chat(user_says("Hello", stream));
        EXPECT_GE(Clock::now() - began, milliseconds(140));
        EXPECT_GE(client.reads(), 4u);
        EXPECT_EQ(response.content(), unharmed(user_says("Hello", stream)));
    }
}

TEST(ServerFaults, MeetOnlyTheStageThatIsNamed) {
    Options options = always(Fault::status_500);
    options.fail_stage = "phase";
    RunningServer server(options);
    WireClient client(server.port());
    EXPECT_EQ(client.chat(staged("perspective", "Client: hi", false)).status, 200);
    EXPECT_EQ(client.chat(staged("phase", "Client: hi", false)).status, 500);
    EXPECT_EQ(client.chat(user_says("Hello")).status, 200);
}

TEST(ServerFaults, StrikeTheSameRequestsForTheSameSeed) {
    const auto statuses = [](std::uint64_t seed) {
        Options options;
        options.seed = seed;
        options.faults[Fault::status_500] = 40;
        options.faults[Fault::status_429] = 20;
        RunningServer server(options);
        WireClient client(server.port());
        std::vector<int> all;
        for (int i = 0; i < 40; ++i) all.push_back(client.chat(user_says("Hello")).status);
        return all;
    };
    EXPECT_EQ(statuses(3), statuses(3));
    EXPECT_NE(statuses(3), statuses(4));
    EXPECT_THAT(statuses(3), testing::IsSupersetOf({200, 500, 429}));
}

TEST(ServerFaults, AGarbageStageIsHostileAndTheOthersAreNot) {
    Options options;
    options.garbage_stage = "perspective";
    RunningServer server(options);
    WireClient client(server.port());
    for (std::uint64_t kind = 0; kind < garbage_kinds; ++kind) {
        const WireResponse response = client.chat(staged("perspective", "Client: hi", false));
        EXPECT_EQ(response.status, 200);
        std::string escaped;
        append_json_escaped(escaped, garbage(kind));
        EXPECT_THAT(response.body, HasSubstr(escaped.substr(0, 1000)));
    }
    EXPECT_TRUE(Json::accept(client.chat(staged("phase", "Client: hi", false)).content()));
}

}  // namespace
}  // namespace emostage::rehearsal
