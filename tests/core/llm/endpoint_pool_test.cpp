#include "core/llm/endpoint_pool.hpp"

#include <gtest/gtest.h>

#include <map>

namespace emostage::llm {
namespace {

using std::chrono::seconds;

std::vector<EndpointConfig> named(std::initializer_list<const char*> names,
                                  std::size_t calls_max = 100) {
    std::vector<EndpointConfig> configs;
    for (const char* name : names) {
        EndpointConfig config;
        config.name = name;
        config.calls_max = calls_max;
        configs.push_back(config);
    }
    return configs;
}

class EndpointPoolTest : public testing::Test {
protected:
    static constexpr std::size_t margin = 4;
    const TimePoint now{seconds(100)};

    EndpointPool::Place take(EndpointPool& pool, std::string_view session = "",
                             EndpointSet tried = 0) {
        auto place = pool.take(session, tried, now);
        EXPECT_TRUE(place) << place.error().message;
        return *place;
    }
    void open(EndpointPool& pool, std::size_t endpoint) {
        EndpointPool::Place place{endpoint, false};
        for (std::size_t i = 0; i < Breaker::Settings{}.failures_in_a_row_max; ++i)
            pool.failed(place, now);
        ASSERT_EQ(pool.status()[endpoint].breaker, BreakerState::open);
    }
};

TEST_F(EndpointPoolTest, CallsWithoutASessionSpreadEvenly) {
    EndpointPool pool(named({"a", "b", "c"}), {}, margin);
    for (int i = 0; i < 30; ++i) take(pool);
    for (const auto& status : pool.status()) EXPECT_EQ(status.running, 10u) << status.name;
}

TEST_F(EndpointPoolTest, TheLeastLoadedTakesACallWithoutASession) {
    EndpointPool pool(named({"a", "b"}), {}, margin);
    std::vector<EndpointPool::Place> of_a;
    for (int i = 0; i < 20; ++i) {
        const auto place = take(pool);
        if (place.endpoint == 0) of_a.push_back(place);
    }
    for (const auto& place : of_a) pool.give_back(place);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(take(pool).endpoint, 0u);
}

TEST_F(EndpointPoolTest, ASessionStaysWithItsEndpointAndSessionsSpread) {
    EndpointPool pool(named({"a", "b", "c"}), {}, margin);
    std::map<std::size_t, int> homes;
    for (int i = 0; i < 300; ++i) {
        const std::string session = "session-" + std::to_string(i);
        const auto first = take(pool, session);
        pool.give_back(first);
        const auto second = take(pool, session);
        pool.give_back(second);
        EXPECT_EQ(first.endpoint, second.endpoint);
        ++homes[first.endpoint];
    }
    ASSERT_EQ(homes.size(), 3u);
    for (const auto& [endpoint, count] : homes) EXPECT_GT(count, 60) << endpoint;
}

TEST_F(EndpointPoolTest, WhenAnEndpointGoesOnlyItsSessionsMove) {
    EndpointPool all(named({"a", "b", "c"}), {}, margin);
    EndpointPool without(named({"a", "b", "c"}), {}, margin);
    open(without, 1);
    for (int i = 0; i < 100; ++i) {
        const std::string session = std::to_string(i);
        const auto before = take(all, session);
        const auto after = take(without, session);
        all.give_back(before);
        without.give_back(after);
        EXPECT_NE(after.endpoint, 1u);
        if (before.endpoint != 1) {
            EXPECT_EQ(after.endpoint, before.endpoint);
        }
    }
}

TEST_F(EndpointPoolTest, ASessionLeavesAnEndpointThatIsTheMostLoadedByTheMargin) {
    EndpointPool pool(named({"a", "b"}), {}, margin);
    const auto home = take(pool, "s").endpoint;
    for (std::size_t i = 0; i < margin; ++i) EXPECT_EQ(take(pool, "s").endpoint, home);
    EXPECT_NE(take(pool, "s").endpoint, home);
}

TEST_F(EndpointPoolTest, ARetryGoesElsewhereWhereItCan) {
    EndpointPool pool(named({"a", "b"}), {}, margin);
    const auto home = take(pool, "s").endpoint;
    EXPECT_NE(take(pool, "s", EndpointSet{1} << home).endpoint, home);
    EXPECT_EQ(take(pool, "s", 0b11).endpoint, home) << "when all were tried, home is best again";
}

TEST_F(EndpointPoolTest, AFullEndpointIsPassedOverAndAllFullIsBusy) {
    EndpointPool pool(named({"a", "b"}, 2), {}, margin);
    for (int i = 0; i < 4; ++i) take(pool, "s");
    const auto refused = pool.take("s", 0, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::model_busy);
}

TEST_F(EndpointPoolTest, AllBreakersOpenIsUnreachableUntilOneProbe) {
    EndpointPool pool(named({"a"}), {}, margin);
    open(pool, 0);
    const auto refused = pool.take("s", 0, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::model_unreachable);
    const TimePoint later = now + seconds(1);
    auto probe = pool.take("s", 0, later);
    ASSERT_TRUE(probe);
    EXPECT_TRUE(probe->probe);
    EXPECT_FALSE(pool.take("s", 0, later)) << "one probe";
    pool.succeeded(*probe);
    pool.give_back(*probe);
    EXPECT_EQ(pool.status()[0].breaker, BreakerState::closed);
    EXPECT_TRUE(pool.take("s", 0, later));
}

TEST_F(EndpointPoolTest, AProbeThatIsGivenBackWithoutAVerdictFreesTheProbe) {
    EndpointPool pool(named({"a"}), {}, margin);
    open(pool, 0);
    const TimePoint later = now + seconds(1);
    pool.give_back(*pool.take("s", 0, later));
    EXPECT_TRUE(pool.take("s", 0, later)->probe);
}

TEST_F(EndpointPoolTest, AnEndpointThatAskedForRestIsTakenOnlyWhenThereIsNoOther) {
    EndpointPool pool(named({"a", "b"}), {}, margin);
    pool.rest(0, now + seconds(5));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(take(pool, std::to_string(i)).endpoint, 1u);
    EXPECT_FALSE(pool.has_other(0b10, now));
    EXPECT_TRUE(pool.has_other(0b10, now + seconds(5)));
    EXPECT_EQ(pool.rested_at(now), now);
    pool.rest(1, now + seconds(3));
    EXPECT_EQ(pool.rested_at(now), now + seconds(3));
    take(pool, "s");
}

TEST_F(EndpointPoolTest, OnlyThoseThatMayBeAskedAre) {
    auto configs = named({"a", "b", "c"}, 1);
    configs[1].capabilities.continues = Continues::prefill;
    configs[2].capabilities.continues = Continues::vllm;
    EndpointPool pool(std::move(configs), {}, margin);
    const auto continuing = pool.continuing();
    EXPECT_EQ(continuing, 0b110u);
    EXPECT_EQ(pool.named("c"), 0b100u);
    EXPECT_EQ(pool.named("nobody"), 0u);
    std::vector<std::size_t> taken;
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(pool.takes_calls(continuing, now));
        taken.push_back(pool.take("s", 0, now, continuing)->endpoint);
    }
    EXPECT_EQ(taken[0] + taken[1], 3u);
    EXPECT_FALSE(pool.takes_calls(continuing, now)) << "both are full";
    EXPECT_FALSE(pool.has_other(0, now, continuing));
    const auto refused = pool.take("s", 0, now, continuing);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::model_busy);
    EXPECT_EQ(take(pool, "s").endpoint, 0u);
}

TEST_F(EndpointPoolTest, AnOpenBreakerTakesNoContinuationEvenWhereAnotherEndpointWorks) {
    auto configs = named({"a", "b"});
    configs[1].capabilities.continues = Continues::vllm;
    EndpointPool pool(std::move(configs), {}, margin);
    open(pool, 1);
    EXPECT_FALSE(pool.takes_calls(pool.continuing(), now));
    const auto refused = pool.take("s", 0, now, pool.continuing());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::model_unreachable);
}

TEST_F(EndpointPoolTest, CountsAreExact) {
    EndpointPool pool(named({"a"}), {}, margin);
    auto one = take(pool);
    auto two = take(pool);
    pool.failed(one, now);
    pool.give_back(one);
    pool.succeeded(two);
    EXPECT_EQ(pool.status()[0].running, 1u);
    pool.give_back(two);
    EXPECT_EQ(pool.status()[0].running, 0u);
    EXPECT_EQ(pool.status()[0].calls, 2u);
    EXPECT_EQ(pool.status()[0].failures, 1u);
}

}  // namespace
}  // namespace emostage::llm
