// What a flood from one gateway does to the others: the broker's core with workers that take a
// given time for each turn, on a manual clock.

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "broker/broker.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {
namespace {

constexpr std::uint32_t slots = 16;
constexpr milliseconds service = 1s;

class Load : Outputs {
public:
    explicit Load(Config config) : broker_(with_patience(config), empty_state("b"), *this, now_) {
        broker_.on(FromWorker{"r", wire::Ready{"w", "i", slots, {"emostage"}}}, now_);
    }

    void open_at(Duration after, const std::string& gateway) {
        arrivals_.emplace(begin_ + after, gateway);
    }
    void run_until(Duration after);

    // How long those waited that were leased in this time, in order of length.
    std::vector<double> waits_ms(const std::string& gateways, Duration from, Duration until) const;
    std::size_t leased(const std::string& gateway, Duration from, Duration until) const {
        return waits_ms(gateway, from, until).size();
    }
    Snapshot snapshot() const { return broker_.snapshot(now_); }

private:
    struct Turn {
        std::string gateway;
        TimePoint opened, leased;
    };

    static Config with_patience(Config config) {  // so that nothing is refused or given up
        config.limits.deadline_ms = 4u * 3600 * 1000;
        config.deadline_default = milliseconds(config.limits.deadline_ms);
        return config;
    }
    void publish(std::string_view, const wire::Event&) override {}
    void commit(Commit) override {}
    void send(const Route&, const wire::ToWorker& message) override {
        if (const auto* lease = std::get_if<wire::Lease>(&message)) {
            turns_.at(lease->turn).leased = now_.steady;
            ends_.emplace(now_.steady + service, lease->lease);
        }
    }
    void open(const std::string& gateway);

    const TimePoint begin_{1h};
    Now now_{begin_, 0};
    TimePoint beat_at_ = begin_;
    std::uint64_t beats_ = 0;
    std::multimap<TimePoint, std::string> arrivals_;
    std::multimap<TimePoint, wire::LeaseId> ends_;
    std::map<std::string, Turn> turns_;
    Broker broker_;
};

void Load::open(const std::string& gateway) {
    const auto id = gateway + "-" + std::to_string(turns_.size());
    turns_[id] = {gateway, now_.steady, {}};
    broker_.on(Scene::an_open(id, "s-" + id, "x", gateway), now_);
}

void Load::run_until(Duration after) {
    const auto until = begin_ + after;
    while (true) {
        auto next = std::min(until, beat_at_);
        if (!arrivals_.empty()) next = std::min(next, arrivals_.begin()->first);
        if (!ends_.empty()) next = std::min(next, ends_.begin()->first);
        const auto tick = broker_.next_time();
        if (tick) next = std::min(next, std::max(*tick, now_.steady));
        now_.steady = next;
        if (tick && *tick <= next) {
            broker_.on(Tick{}, now_);
        } else if (beat_at_ <= next) {
            beat_at_ += 1s;
            wire::Beat beat;
            beat.instance = "i";
            beat.number = ++beats_;
            for (const auto& [at, lease] : ends_) beat.leases.push_back(lease);
            broker_.on(FromWorker{"r", beat}, now_);
        } else if (!ends_.empty() && ends_.begin()->first <= next) {
            const auto lease = ends_.begin()->second;
            ends_.erase(ends_.begin());
            broker_.on(FromWorker{"r", wire::Output{lease, 1, {completed_as("")}}}, now_);
        } else if (!arrivals_.empty() && arrivals_.begin()->first <= next) {
            const auto gateway = arrivals_.begin()->second;
            arrivals_.erase(arrivals_.begin());
            open(gateway);
        } else {
            return;
        }
    }
}

std::vector<double> Load::waits_ms(const std::string& gateways, Duration from,
                                   Duration until) const {
    std::vector<double> waits;
    for (const auto& [id, turn] : turns_) {
        const bool there = turn.leased >= begin_ + from && turn.leased < begin_ + until;
        if (!there || !turn.gateway.starts_with(gateways)) continue;
        waits.push_back(
            std::chrono::duration<double, std::milli>(turn.leased - turn.opened).count());
    }
    std::sort(waits.begin(), waits.end());
    return waits;
}

double percentile(const std::vector<double>& sorted, double part) {
    return sorted.at(static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1)));
}

// Eight gateways whose turns come by chance, together `busy` of what the slots can do. Each stays
// below the ninth of it that is its share while a ninth gateway wants all.
void add_light_ones(Load& load, double busy, Duration until) {
    std::mt19937_64 random(20240607);
    const double gap_ms = 8 * static_cast<double>(service.count()) / (busy * slots);
    for (int gateway = 0; gateway < 8; ++gateway) {
        Duration at = 0ms;
        while (at < until) {
            const double unit = (static_cast<double>(random() >> 11) + 1) * 0x1p-53;
            at += std::chrono::microseconds(static_cast<int>(-std::log(unit) * gap_ms * 1000));
            load.open_at(at, "light" + std::to_string(gateway));
        }
    }
}

struct Waits {
    double median = 0, p95 = 0;
    std::size_t turns = 0;
};

class Flood : public testing::TestWithParam<double> {
protected:
    static constexpr Duration from = 20s, until = 110s;

    static Waits measure(double busy, std::size_t flood) {
        Load load{Config{}};
        add_light_ones(load, busy, until);
        for (std::size_t i = 0; i < flood; ++i) load.open_at(from - 5s, "flood");
        load.run_until(until);
        const auto core = load.snapshot();
        EXPECT_EQ(core.counters.rejected, 0u);
        if (flood > 0) {
            EXPECT_GT(core.queued, flood / 2) << "it lasts as long as is measured";
            EXPECT_GT(load.leased("flood", from, until), 0u) << "it is slowed, not shut out";
        }
        const auto waits = load.waits_ms("light", from, until);
        return {percentile(waits, 0.5), percentile(waits, 0.95), waits.size()};
    }
};

TEST_P(Flood, OfTenThousandTurnsLeavesTheOthersTheirPlace) {
    const Waits alone = measure(GetParam(), 0), flooded = measure(GetParam(), 10'000);
    const auto one_service = static_cast<double>(service.count());
    EXPECT_GT(alone.turns, 300u);
    EXPECT_NEAR(static_cast<double>(flooded.turns), static_cast<double>(alone.turns), 20.0);
    EXPECT_LE(flooded.median, 2 * alone.median + one_service);
    EXPECT_LE(flooded.p95, 2 * alone.p95 + one_service);
    RecordProperty("alone_p95_ms", static_cast<int>(alone.p95));
    RecordProperty("flooded_median_ms", static_cast<int>(flooded.median));
    RecordProperty("flooded_p95_ms", static_cast<int>(flooded.p95));
}

INSTANTIATE_TEST_SUITE_P(AtALoadOf, Flood, testing::Values(0.3, 0.5, 0.7), [](const auto& info) {
    return std::to_string(static_cast<int>(100 * info.param)) + "percent";
});

TEST(GatewayWeights, AreTheSharesOfThroughputWhereAllHaveMoreThanEnough) {
    Config config;
    config.gateway_weights = {{"heavy", 3}, {"middle", 2}};
    Load load(config);
    for (const auto* gateway : {"heavy", "middle", "plain"}) {
        for (int i = 0; i < 2'000; ++i) load.open_at(0s, gateway);
    }
    load.run_until(70s);
    const auto share = [&](const std::string& gateway) {
        return static_cast<double>(load.leased(gateway, 10s, 70s)) / (60.0 * slots);
    };
    EXPECT_NEAR(share("heavy"), 3.0 / 6, 0.01);
    EXPECT_NEAR(share("middle"), 2.0 / 6, 0.01);
    EXPECT_NEAR(share("plain"), 1.0 / 6, 0.01);
}

}  // namespace
}  // namespace emostage::broker::test
