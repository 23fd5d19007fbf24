#include "bench/load/peer.hpp"

#include <gmock/gmock.h>

namespace emostage::load {
namespace {

using nlohmann::json;

const json whole = {{"conc", 64},   {"turns", 2000}, {"warmup", 400}, {"ramp_ms", 690},
                    {"itl_ms", 10}, {"max_s", 40},   {"tokens", 64},  {"reply", "client01"}};

TEST(PeerTask, IsReadFromTheDriversVariable) {
    const auto task = read_peer_task(whole.dump());
    ASSERT_TRUE(task);
    EXPECT_EQ(task->in_flight, 64u);
    EXPECT_EQ(task->turns, 2000u);
    EXPECT_EQ(task->warmup, 400u);
    EXPECT_EQ(task->ramp, milliseconds(690));
    EXPECT_EQ(task->between_tokens, milliseconds(10));
    EXPECT_EQ(task->longest, std::chrono::seconds(40));
    EXPECT_EQ(task->reply_tokens, 64u);
}

TEST(PeerTask, WhatIsMissingOrOutOfRangeIsNamed) {
    for (const auto& [field, value] : std::vector<std::pair<std::string, json>>{{"conc", 0},
                                                                                {"turns", -1},
                                                                                {"warmup", nullptr},
                                                                                {"ramp_ms", "1"},
                                                                                {"itl_ms", -0.5},
                                                                                {"max_s", 0},
                                                                                {"tokens", 1e9}}) {
        json broken = whole;
        broken[field] = value;
        const auto task = read_peer_task(broken.dump());
        ASSERT_FALSE(task) << field;
        EXPECT_THAT(task.error().message, testing::HasSubstr(field));
        broken.erase(field);
        EXPECT_FALSE(read_peer_task(broken.dump())) << field;
    }
    EXPECT_FALSE(read_peer_task(""));
    EXPECT_FALSE(read_peer_task("[1]"));
}

TEST(PeerLine, HasTheFieldsOfTheOtherClients) {
    Meter meter;
    meter.started = meter.completed = 3;
    meter.failed = 1;
    meter.tokens = 190;
    meter.lost = 2;
    meter.lasted = milliseconds(1'500);
    meter.first.add(std::chrono::microseconds(700));
    const json line = json::parse(peer_line(meter, 5, 0));
    EXPECT_EQ(line["turns_ok"], 3);
    EXPECT_EQ(line["errors"], 1);
    EXPECT_EQ(line["unfinished"], 1);
    EXPECT_EQ(line["tokens"], 190);
    EXPECT_EQ(line["lost"], 2);
    EXPECT_EQ(line["out_of_order"], 0);
    EXPECT_EQ(line["wall_s"], 1.5);
    EXPECT_NEAR(line["first_us"]["p50"].get<double>(), 700, 0.2);
    for (const char* figure : {"first_us", "turn_us", "gap_us", "jitter_us"}) {
        for (const char* percent : {"p50", "p95", "p99", "p100"}) {
            EXPECT_TRUE(line[figure].contains(percent)) << figure;
        }
    }
    EXPECT_TRUE(line["gap_us"]["p99"].is_null());
}

}  // namespace
}  // namespace emostage::load
