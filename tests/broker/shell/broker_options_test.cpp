#include "broker/shell/broker_options.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

namespace emostage::broker {
namespace {

using testing::HasSubstr;

struct Loaded {
    BrokerOptions options;
    Result<config::Request> request;
};

Loaded load(std::vector<std::string> arguments, std::map<std::string, std::string> variables = {}) {
    Loaded loaded;
    loaded.request = load_broker_options(
        arguments,
        [&](const std::string& name) -> std::optional<std::string> {
            const auto at = variables.find(name);
            if (at == variables.end()) return std::nullopt;
            return at->second;
        },
        loaded.options);
    return loaded;
}

std::string problem(std::vector<std::string> arguments) {
    const auto loaded = load(std::move(arguments));
    EXPECT_FALSE(loaded.request);
    return loaded.request ? "" : loaded.request.error().message;
}

// All values as text, in the order of their declaration: what two sets of options differ in shows.
std::string shown(BrokerOptions options) {
    config::Settings settings("x", "x");
    declare(settings, options);
    const auto help = settings.load({"--help"}, [](const auto&) { return std::nullopt; });
    return help ? help->text : "";
}

const std::string sample = EMOSTAGE_SOURCE_DIR "/ops/broker.yaml";

TEST(BrokerOptions, AreTheDefaultsWhereNothingIsSaid) {
    const auto loaded = load({});
    ASSERT_TRUE(loaded.request) << loaded.request.error().message;
    EXPECT_EQ(loaded.options.commands, "tcp://127.0.0.1:7701");
    EXPECT_EQ(loaded.options.events, "tcp://127.0.0.1:7702");
    EXPECT_EQ(loaded.options.workers, "tcp://127.0.0.1:7703");
    EXPECT_EQ(loaded.options.admin, (config::Address{"127.0.0.1", 7704}));
    EXPECT_EQ(shown(loaded.options), shown(BrokerOptions{}));
}

TEST(BrokerOptions, OfTheSampleFileAreTheDefaults) {
    const auto loaded = load({"--config", sample, "--check-config"});
    ASSERT_TRUE(loaded.request) << loaded.request.error().message;
    EXPECT_EQ(loaded.request->kind, config::Request::Kind::check);
    EXPECT_EQ(shown(loaded.options), shown(BrokerOptions{}));
}

TEST(BrokerOptions, AreAllNamedInTheSampleFile) {
    std::ifstream file(sample);
    std::stringstream text;
    text << file.rdbuf();
    BrokerOptions options;
    config::Settings settings("x", "x");
    declare(settings, options);
    for (const std::string& key : settings.keys()) {
        const auto name = key.substr(key.find('.') == std::string::npos ? 0 : key.find('.') + 1);
        EXPECT_THAT(text.str(),
                    HasSubstr("\n" + std::string(name == key ? "" : "  ") + name + ":"));
    }
}

TEST(BrokerOptions, ReachTheCore) {
    const auto loaded =
        load({"--limits-text-bytes", "1000", "--queue-turns-max", "60000", "--leases-lease-ms",
              "20000", "--retention-turn-ms", "700000", "--retention-bytes-max", "8388608",
              "--fanout-askers-per-turn-max", "3", "--default-pipeline", "base"},
             {{"EMOSTAGE_ADMIN", "off"}, {"EMOSTAGE_DRAIN_MS", "5"}});
    ASSERT_TRUE(loaded.request) << loaded.request.error().message;
    const Config& core = loaded.options.core;
    EXPECT_EQ(core.limits.text_bytes, 1000u);
    EXPECT_EQ(core.queued_turns_max, 60000u);
    EXPECT_EQ(core.lease, milliseconds(20000));
    EXPECT_EQ(core.retention, milliseconds(700000));
    EXPECT_EQ(core.limits.retention_ms, 700000u) << "told in hello";
    EXPECT_EQ(core.kept_bytes_max, 8388608u);
    EXPECT_EQ(core.askers_per_turn_max, 3u);
    EXPECT_EQ(core.default_pipeline, "base");
    EXPECT_FALSE(loaded.options.admin);
    EXPECT_EQ(loaded.options.drain, milliseconds(5));
}

TEST(BrokerOptions, NameAGatewayForAlertsOrNone) {
    EXPECT_EQ(load({}).options.core.alerts, "");
    EXPECT_EQ(load({"--alerts", "people"}).options.core.alerts, "people");
    EXPECT_EQ(load({"--alerts", "off"}, {{"EMOSTAGE_ALERTS", "people"}}).options.core.alerts, "");
    EXPECT_THAT(problem({"--alerts", "people/night"}), HasSubstr("--alerts: must be 1 to 64"));
}

TEST(BrokerOptions, TakeAnotherAdminAddress) {
    const auto loaded = load({"--admin", "[::1]:9000"});
    ASSERT_TRUE(loaded.request);
    EXPECT_EQ(loaded.options.admin, (config::Address{"::1", 9000}));
}

TEST(BrokerOptions, RefuseEndpointsAndNamesThatAreNone) {
    EXPECT_THAT(problem({"--commands", "7701"}), HasSubstr("--commands: must be tcp://HOST:PORT"));
    EXPECT_THAT(problem({"--events", "udp://1.2.3.4:1"}), HasSubstr("--events: must be tcp://"));
    EXPECT_THAT(problem({"--admin", "7704"}), HasSubstr("--admin: must be HOST:PORT"));
    EXPECT_THAT(problem({"--default-pipeline", "a b"}),
                HasSubstr("--default-pipeline: must be 1 to 64"));
}

TEST(BrokerOptions, RefuseOneEndpointForTwoSockets) {
    EXPECT_EQ(problem({"--events", "tcp://127.0.0.1:7701"}),
              "--events: commands and events are both tcp://127.0.0.1:7701: each socket needs an "
              "endpoint of its own");
    EXPECT_TRUE(load({"--commands", "tcp://127.0.0.1:*", "--events", "tcp://127.0.0.1:*"}).request);
}

TEST(BrokerOptions, RefuseAFenceThatComesAfterTheLease) {
    EXPECT_EQ(
        problem({"--leases-fence-ms", "10000"}),
        "--leases-fence-ms: leases.fence_ms (10000) must be less than leases.lease_ms (10000): a "
        "worker must stop its turns before they are given to another");
    EXPECT_THAT(problem({"--leases-lease-ms", "7000"}),
                HasSubstr("--leases-lease-ms: leases.fence_ms"))
        << "the origin is that of the value that was said";
}

TEST(BrokerOptions, RefuseBeatsThatAreTooSlowForTheFence) {
    EXPECT_THAT(problem({"--leases-beat-ms", "2334"}),
                HasSubstr("three times leases.beat_ms (2334)"));
    EXPECT_TRUE(load({"--leases-beat-ms", "2333"}).request);
}

TEST(BrokerOptions, RefuseLimitsThatContradictEachOther) {
    const std::vector<std::pair<std::vector<std::string>, const char*>> wrong{
        {{"--queue-turns-max", "100"}, "queue.turns_per_gateway_max (50000)"},
        {{"--queue-turns-per-gateway-max", "63"}, "queue.turns_per_session_max (64)"},
        {{"--queue-retry-after-min-ms", "30001"}, "queue.retry_after_min_ms (30001)"},
        {{"--limits-deadline-ms", "119999"}, "queue.deadline_default_ms (120000)"},
        {{"--limits-reply-bytes", "1000000", "--retention-turn-bytes-max", "65536"},
         "limits.reply_bytes (1000000)"},
        {{"--retention-bytes-max", "1048576"}, "retention.turn_bytes_max (4194304)"},
        {{"--retention-sessions-bytes-max", "1048576", "--retention-session-history-bytes-max",
          "1048577"},
         "retention.session_history_bytes_max (1048577)"},
        {{"--retention-turn-ms", "9999"}, "fanout.beacon_after_end_ms (10000)"},
        {{"--queue-bytes-max", "1048576", "--limits-history-bytes", "1048577"},
         "limits.history_bytes (1048577)"},
        {{"--queue-bytes-per-gateway-max", "268435457"},
         "queue.bytes_per_gateway_max (268435457) must not be more than queue.bytes_max"},
        {{"--queue-bytes-per-gateway-max", "262143"}, "limits.history_bytes (262144)"},
        {{"--limits-history-bytes", "4194304"}, "more than the 4194304 that any socket takes"},
        {{"--retention-session-history-bytes-max", "4194304"}, "that any socket takes"},
    };
    for (const auto& [arguments, expected] : wrong) {
        EXPECT_THAT(problem(arguments), HasSubstr(expected));
    }
}

TEST(BrokerOptions, GiveAGatewayHalfOfTheBytesWhereNothingElseIsSaid) {
    EXPECT_EQ(load({"--queue-bytes-max", "8388608"}).options.core.queued_bytes_per_gateway_max,
              4194304u);
    EXPECT_EQ(load({"--queue-bytes-max", "8388608", "--queue-bytes-per-gateway-max", "8388608"})
                  .options.core.queued_bytes_per_gateway_max,
              8388608u);
}

TEST(BrokerOptions, TakeTheBudgetOfReplays) {
    const auto loaded =
        load({"--fanout-replay-bytes-per-second", "65536", "--fanout-replay-burst-bytes", "131072",
              "--fanout-replays-waiting-max", "7"});
    ASSERT_TRUE(loaded.request) << loaded.request.error().message;
    EXPECT_EQ(loaded.options.core.replay_bytes_per_second, 65536u);
    EXPECT_EQ(loaded.options.core.replay_burst_bytes, 131072u);
    EXPECT_EQ(loaded.options.core.replays_waiting_max, 7u);
    EXPECT_THAT(problem({"--fanout-replay-bytes-per-second", "0"}), HasSubstr("65536"));
}

class BrokerWeights : public testing::Test {
protected:
    std::string refusal(const std::string& text) { return problem({"--config", file(text)}); }
    std::string file(const std::string& text) {
        std::ofstream(path_) << text;
        return path_;
    }
    ~BrokerWeights() override { std::remove(path_.c_str()); }

    // Of each test its own: they run side by side.
    const std::string path_ = testing::TempDir() + "broker_options_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name() +
                              ".yaml";
};

TEST_F(BrokerWeights, OfGatewaysComeFromTheFile) {
    const auto loaded =
        load({"--config", file("gateways:\n  weights: {voice: 3, \"web.1\": 100}\n")});
    ASSERT_TRUE(loaded.request) << loaded.request.error().message;
    EXPECT_EQ(loaded.options.core.weight_of("voice"), 3u);
    EXPECT_EQ(loaded.options.core.weight_of("web.1"), 100u);
    EXPECT_EQ(loaded.options.core.weight_of("another"), 1u);
    EXPECT_TRUE(load({"--config", file("gateways:\n  weights:\n")}).request);
    EXPECT_TRUE(load({"--config", file("gateways:\n")}).request);
}

TEST_F(BrokerWeights, ThatAreNoneAreRefusedWithTheirLine) {
    const std::vector<std::pair<const char*, const char*>> wrong{
        {"gateways:\n  weights:\n    a: 0\n", ":3: gateways.weights: "},
        {"gateways:\n  weights:\n    a: 101\n", ":3: gateways.weights: "},
        {"gateways:\n  weights:\n    a: much\n", ":3: gateways.weights: "},
        {"gateways:\n  weights:\n    a: [1]\n", ":3: gateways.weights: wants one value"},
        {"gateways:\n  weights:\n    a/b: 1\n",
         ":3: gateways.weights: a gateway's name must be 1 to 64 of"},
        {"gateways:\n  weights: [a, b]\n", ":2: gateways.weights: wants a map of gateways"},
        {"gateways:\n  weight: {a: 1}\n", "did you mean \"weights\"?"},
        {"gateways: 3\n", ":1: "},
    };
    for (const auto& [text, expected] : wrong) {
        EXPECT_THAT(refusal(text), HasSubstr(expected)) << text;
    }
    std::string many = "gateways:\n  weights:\n";
    for (std::size_t i = 0; i <= Config::gateway_weights_max; ++i) {
        many += "    g" + std::to_string(i) + ": 2\n";
    }
    EXPECT_THAT(refusal(many), HasSubstr("at most 1000 gateways"));
}

TEST(BrokerOptions, NameTheLineOfAFileThatContradictsItself) {
    const std::string path = testing::TempDir() + "broker_options_test.yaml";
    std::ofstream(path) << "leases:\n  beat_ms: 100\n  fence_ms: 300\n";
    EXPECT_THAT(problem({"--config", path}),
                HasSubstr(path + ":2: three times leases.beat_ms (100) must be less than"));
    std::ofstream(path) << "leases:\n  bea_ms: 100\n";
    EXPECT_EQ(problem({"--config", path}),
              path + ":2: unknown key \"bea_ms\" in \"leases\"; did you mean \"beat_ms\"?");
    std::remove(path.c_str());
}

}  // namespace
}  // namespace emostage::broker
