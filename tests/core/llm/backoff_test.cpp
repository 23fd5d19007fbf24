#include "core/llm/backoff.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

TEST(Backoff, DelaysDoubleWithinTheirJitterUpToTheLimit) {
    Backoff backoff({milliseconds(100), milliseconds(1000)}, 7);
    const int wholes[] = {100, 200, 400, 800, 1000, 1000};
    for (int round = 0; round < 100; ++round) {
        for (int retry = 1; retry <= 6; ++retry) {
            const Duration delay = backoff.delay(retry);
            EXPECT_GE(delay, milliseconds(wholes[retry - 1]) / 2);
            EXPECT_LT(delay, milliseconds(wholes[retry - 1]));
        }
    }
    EXPECT_LT(backoff.delay(1'000'000), milliseconds(1000));
}

TEST(Backoff, JitterSpreadsAndTheSeedRepeatsIt) {
    Backoff one({}, 1);
    Backoff again({}, 1);
    Backoff other({}, 2);
    std::set<Duration> seen;
    int different = 0;
    for (int i = 0; i < 50; ++i) {
        const Duration delay = one.delay(3);
        seen.insert(delay);
        EXPECT_EQ(delay, again.delay(3));
        different += delay != other.delay(3) ? 1 : 0;
    }
    EXPECT_GT(seen.size(), 40u);
    EXPECT_GT(different, 40);
}

TEST(Backoff, ATinyFirstDelayIsAllowed) {
    Backoff backoff({milliseconds(0), milliseconds(0)}, 1);
    EXPECT_EQ(backoff.delay(1), Duration::zero());
}

TEST(RetryAfter, SecondsMillisecondsAndDatesAreUnderstood) {
    const std::int64_t unix_ms = 1'700'000'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT
    EXPECT_EQ(parse_retry_after("2", "", unix_ms), milliseconds(2000));
    EXPECT_EQ(parse_retry_after("0.5", "", unix_ms), milliseconds(500));
    EXPECT_EQ(parse_retry_after("0", "", unix_ms), milliseconds(0));
    EXPECT_EQ(parse_retry_after("2", "250", unix_ms), milliseconds(250));
    EXPECT_EQ(parse_retry_after("2", "soon", unix_ms), milliseconds(2000));
    EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:25 GMT", "", unix_ms), milliseconds(5000));
    EXPECT_EQ(parse_retry_after("Tue, 14 Nov 2023 22:13:00 GMT", "", unix_ms), milliseconds(0));
}

TEST(RetryAfter, LongWaitsAreCut) {
    EXPECT_EQ(parse_retry_after("86400", "", 0), retry_after_max);
    EXPECT_EQ(parse_retry_after("1e300", "", 0), retry_after_max);
    EXPECT_EQ(parse_retry_after("", "inf", 0), retry_after_max);
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 2100 23:59:59 GMT", "", 0), retry_after_max);
}

TEST(RetryAfter, WhatMakesNoSenseIsNotThere) {
    for (const char* value : {"", "-1", "nan", "later", "12 seconds of rest"}) {
        EXPECT_EQ(parse_retry_after(value, "", 0), std::nullopt) << value;
    }
    EXPECT_EQ(parse_retry_after(std::string(1000, '1'), "", 0), std::nullopt);
}

}  // namespace
}  // namespace emostage::llm
