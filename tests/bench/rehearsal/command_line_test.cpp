#include "bench/rehearsal/command_line.hpp"

namespace emostage::rehearsal {
namespace {

Options read(std::vector<std::string> arguments) {
    const auto line = read_command_line(std::move(arguments));
    EXPECT_TRUE(line.has_value()) << line.error().message;
    return line.value_or(CommandLine{}).options;
}

std::string refuse(std::vector<std::string> arguments) {
    const auto line = read_command_line(std::move(arguments));
    EXPECT_FALSE(line.has_value());
    if (line) return {};
    EXPECT_EQ(line.error().code, Errc::config);
    return line.error().message;
}

TEST(CommandLine, WithoutFlagsItListensOnLoopbackAtOnceAndWithoutFaults) {
    const Options options = read({});
    EXPECT_EQ(options.host, "127.0.0.1");
    EXPECT_EQ(options.port, 7710);
    EXPECT_EQ(options.model, "rehearsal");
    EXPECT_EQ(options.first_token, Duration{});
    for (const double percent : options.faults.percent) EXPECT_EQ(percent, 0.0);
}

TEST(CommandLine, EveryFlagReachesItsOption) {
    const Options options = read({"--listen",
                                  "[::1]:0",
                                  "--model",
                                  "m",
                                  "--seed",
                                  "9",
                                  "--ttft-ms",
                                  "12.5",
                                  "--itl-ms",
                                  "0.25",
                                  "--tokens",
                                  "64",
                                  "--json-tokens",
                                  "30",
                                  "--fault-500",
                                  "1",
                                  "--fault-429",
                                  "2",
                                  "--fault-cut",
                                  "3",
                                  "--fault-unended",
                                  "4",
                                  "--fault-stall",
                                  "5",
                                  "--fault-split",
                                  "6",
                                  "--fault-malformed",
                                  "7",
                                  "--fault-slow-headers",
                                  "8",
                                  "--retry-after-s",
                                  "10",
                                  "--stall-ms",
                                  "11",
                                  "--slow-headers-ms",
                                  "13",
                                  "--fail-stage",
                                  "phase",
                                  "--garbage-stage",
                                  "perspective",
                                  "--close-log",
                                  "file",
                                  "--connections-max",
                                  "21",
                                  "--log-level",
                                  "warn"});
    EXPECT_EQ(options.host, "::1");
    EXPECT_EQ(options.port, 0);
    EXPECT_EQ(options.model, "m");
    EXPECT_EQ(options.seed, 9u);
    EXPECT_EQ(options.first_token, std::chrono::microseconds(12'500));
    EXPECT_EQ(options.between_tokens, std::chrono::microseconds(250));
    EXPECT_EQ(options.tokens, 64u);
    EXPECT_EQ(options.whole_tokens, 30u);
    EXPECT_EQ(options.faults[Fault::status_500], 1);
    EXPECT_EQ(options.faults[Fault::status_429], 2);
    EXPECT_EQ(options.faults[Fault::cut], 3);
    EXPECT_EQ(options.faults[Fault::unended], 4);
    EXPECT_EQ(options.faults[Fault::stall], 5);
    EXPECT_EQ(options.faults[Fault::split], 6);
    EXPECT_EQ(options.faults[Fault::malformed], 7);
    EXPECT_EQ(options.faults[Fault::slow_headers], 8);
    EXPECT_EQ(options.retry_after, std::chrono::seconds(10));
    EXPECT_EQ(options.stall, milliseconds(11));
    EXPECT_EQ(options.slow_headers, milliseconds(13));
    EXPECT_EQ(options.fail_stage, "phase");
    EXPECT_EQ(options.garbage_stage, "perspective");
    EXPECT_EQ(options.close_log, "file");
    EXPECT_EQ(options.limits.connections_max, 21u);
}

TEST(CommandLine, WhatIsWrongIsSaid) {
    EXPECT_THAT(refuse({"--listen", "7710"}), testing::HasSubstr("--listen"));
    EXPECT_THAT(refuse({"--listen", "127.0.0.1:70000"}), testing::HasSubstr("--listen"));
    EXPECT_THAT(refuse({"--fault-cut", "101"}), testing::HasSubstr("--fault-cut"));
    EXPECT_THAT(refuse({"--fault-cut", "60", "--fault-500", "60"}),
                testing::HasSubstr("100 percent"));
    EXPECT_THAT(refuse({"--ttft-ms", "-1"}), testing::HasSubstr("--ttft-ms"));
    EXPECT_THAT(refuse({"--tokens", "999999"}), testing::HasSubstr("--tokens"));
    EXPECT_THAT(refuse({"--log-level", "loud"}), testing::HasSubstr("--log-level"));
    EXPECT_THAT(refuse({"--tokns", "3"}), testing::HasSubstr("--tokns"));
}

TEST(CommandLine, HelpAndVersionAreTexts) {
    EXPECT_THAT(read_command_line({"--help"})->text, testing::HasSubstr("rehearsal"));
    EXPECT_THAT(read_command_line({"--version"})->text, testing::HasSubstr(EMOSTAGE_VERSION));
}

}  // namespace
}  // namespace emostage::rehearsal
