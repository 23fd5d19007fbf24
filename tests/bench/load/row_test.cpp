#include "bench/load/row.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace emostage::load {
namespace {

Row row(double load, double turns_s) {
    Row made;
    made.label = "sat";
    made.mode = "closed";
    made.state = "journal";
    made.load = load;
    made.turns_s = turns_s;
    return made;
}

TEST(Row, WhatIsWrittenIsRead) {
    Row made = row(64, 1234.5);
    made.first_p99 = 0.12345;
    made.cpu_broker = 0.1;
    made.cpu_worker = 0.2;
    made.at_unix = 1'795'290'104;
    made.command = "emostage-bench --label \"a b\"";
    const auto read = read_row(to_json(made));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->label, "sat");
    EXPECT_EQ(read->load, 64);
    EXPECT_EQ(read->turns_s, 1235);
    EXPECT_EQ(read->first_p99, 0.1235);
    EXPECT_EQ(read->at_unix, 1'795'290'104);
    EXPECT_EQ(read->command, made.command);
    EXPECT_TRUE(std::isnan(read->refusal_p50));
    EXPECT_NEAR(read->cpu(), 0.3, 1e-9);
}

TEST(Row, WhatWasNotMeasuredIsNull) {
    const auto object = nlohmann::json::parse(to_json(row(1, 2)));
    EXPECT_TRUE(object["cancel_to_close_ms_p99"].is_null());
}

TEST(Row, ABrokenLineNamesWhatIsWrong) {
    auto object = nlohmann::json::parse(to_json(row(1, 2)));
    object.erase("turns_per_s");
    EXPECT_THAT(read_row(object.dump()).error().message, testing::HasSubstr("turns_per_s"));
    object["turns_per_s"] = "fast";
    EXPECT_THAT(read_row(object.dump()).error().message, testing::HasSubstr("no number"));
    EXPECT_FALSE(read_row("{"));
    EXPECT_FALSE(read_row("17"));
}

TEST(Row, AFilesErrorNamesItsLine) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("bench-rows-" + std::to_string(::getpid()) + ".jsonl");
    std::ofstream(path) << to_json(row(1, 2)) << "\n\n" << to_json(row(2, 3)) << "\nno\n";
    const auto rows = read_rows({path.string()});
    std::filesystem::remove(path);
    ASSERT_FALSE(rows);
    EXPECT_THAT(rows.error().message, testing::HasSubstr(":4: "));
    EXPECT_THAT(read_rows({"/nonexistent"}).error().message, testing::HasSubstr("/nonexistent"));
}

TEST(Medians, AreOfEachNumberWithinOneLoad) {
    auto memory = row(64, 50);
    memory.state = "memory";
    const auto middle = medians({row(64, 10), row(1, 7), row(64, 30), memory, row(64, 11)});
    ASSERT_EQ(middle.size(), 3u);
    EXPECT_EQ(middle[0].load, 64);
    EXPECT_EQ(middle[0].turns_s, 11);
    EXPECT_EQ(middle[1].turns_s, 7);
    EXPECT_EQ(middle[2].turns_s, 50);
    EXPECT_EQ(medians({row(1, 10), row(1, 20)})[0].turns_s, 15);
}

TEST(Medians, LeaveOutWhatWasNotMeasured) {
    EXPECT_EQ(medians({row(1, not_measured), row(1, 4)})[0].turns_s, 4);
    EXPECT_TRUE(std::isnan(medians({row(1, not_measured)})[0].turns_s));
}

}  // namespace
}  // namespace emostage::load
