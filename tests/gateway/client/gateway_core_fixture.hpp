// A GatewayCore on a manual clock, between a broker that is the test's and two sinks.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/client/gateway_core.hpp"
#include "tests/gateway/client/recorders.hpp"

namespace emostage::gateway::test {

using namespace std::chrono_literals;

using Said = std::vector<std::string>;

struct GatewayCoreTest : testing::Test {
    static Config defaults() {
        Config config;
        config.gateway = "g1";
        return config;
    }
    explicit GatewayCoreTest(Config given = defaults())
        : config(std::move(given)), core(config, outputs, clock) {}

    // Lets time pass, stopping wherever the core wants to act.
    void pass(Duration time) {
        const TimePoint until = clock.steady + time;
        for (int steps = 0; steps < 100'000; ++steps) {
            const auto next = core.next_time();
            if (!next || *next > until) break;
            advance_to(std::max(*next, clock.steady));
            core.on_time(clock);
        }
        advance_to(until);
    }
    void advance_to(TimePoint at) {
        clock.unix_ms += to_ms(at - clock.steady);
        clock.steady = at;
    }

    void say(std::vector<wire::Event> events) { core.on({broker, std::move(events)}, clock); }
    void hello(wire::Limits limits = {}) { say({event(0, wire::Hello{1, limits}, 0, "")}); }
    void beacon(std::vector<std::pair<std::string, std::uint64_t>> live) {
        say({event(0, wire::Beacon{std::move(live)}, 0, "")});
    }
    // A beacon each second, as a broker with live turns gives them.
    void pass_with_beacons(int seconds, std::vector<std::pair<std::string, std::uint64_t>> live) {
        for (int i = 0; i < seconds; ++i) {
            pass(1s);
            beacon(live);
        }
    }
    void say_range(const std::vector<wire::Event>& script, std::size_t first, std::size_t last) {
        for (std::size_t seq = first; seq <= last; ++seq) say({script[seq - 1]});
    }
    void resumed(const std::vector<wire::Event>& script, std::uint64_t after) {
        say_range(script, after + 1, script.size());
    }

    Result<void> open(const std::string& turn, SinkRecorder& to) {
        wire::Open open;
        open.turn = turn;
        open.session = "s1";
        open.text = "hello";
        open.deadline = deadline;
        return core.open(std::move(open), to, clock);
    }
    Said pushed() { return outputs.take(); }

    Now clock{TimePoint{} + 1h, 1'700'000'000'000};
    std::string broker = "b1";
    std::optional<milliseconds> deadline;
    Config config;
    PushRecorder outputs;
    SinkRecorder sink, other;
    GatewayCore core;
    const std::vector<wire::Event> script = scripted_turn();
};

}  // namespace emostage::gateway::test
