#include "bench/load/options.hpp"

#include <gmock/gmock.h>

namespace emostage::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Options read(std::vector<std::string> arguments) {
    auto options = read_options(std::move(arguments), "/tree/build/bin");
    EXPECT_TRUE(options) << options.error().message;
    return options ? *options : Options();
}

std::string refuse(std::vector<std::string> arguments) {
    const auto options = read_options(std::move(arguments), "/tree/build/bin");
    EXPECT_FALSE(options);
    return options ? "" : options.error().message;
}

TEST(BenchOptions, WithoutAnyItIsAClosedLoopOnASystemOfItsOwn) {
    const auto options = read({});
    EXPECT_EQ(options.mode, Mode::closed);
    EXPECT_THAT(options.loads, ElementsAre(64));
    EXPECT_TRUE(options.start);
    EXPECT_TRUE(options.system.journal);
    EXPECT_EQ(options.system.programs, "/tree/build/bin");
    EXPECT_EQ(options.system.pipelines, "/tree/schemas/pipelines");
    EXPECT_EQ(options.system.pace.ideal_first(), milliseconds(690));
}

TEST(BenchOptions, LoadsAreLists) {
    EXPECT_THAT(read({"--closed", "1,64,512"}).loads, ElementsAre(1, 64, 512));
    const auto open = read({"--open", "0.5,100", "--rhythm", "people", "--slots", "32"});
    EXPECT_EQ(open.mode, Mode::open);
    EXPECT_THAT(open.loads, ElementsAre(0.5, 100));
    EXPECT_EQ(open.rhythm, Rhythm::people);
    EXPECT_EQ(open.slots, 32u);
    const auto idle = read({"--idle", "7"});
    EXPECT_EQ(idle.mode, Mode::idle);
    EXPECT_EQ(idle.seconds, 7);
}

TEST(BenchOptions, TheSystemIsSet) {
    const auto options =
        read({"--memory", "--ttft-ms", "0", "--itl-ms", "0", "--tokens", "8", "--json-tokens", "3",
              "--workers", "2", "--broker-flag=--queue-turns-max=9", "--broker-flag", "--x",
              "--worker-flag=--shards=2", "--deadline-ms", "500", "--cancel", "25"});
    EXPECT_FALSE(options.system.journal);
    EXPECT_EQ(options.system.pace.ideal_turn(), Duration{});
    EXPECT_EQ(options.system.pace.reply_tokens, 8u);
    EXPECT_EQ(options.system.workers, 2u);
    EXPECT_THAT(options.system.broker_flags, ElementsAre("--queue-turns-max=9", "--x"));
    EXPECT_THAT(options.system.worker_flags, ElementsAre("--shards=2"));
    EXPECT_EQ(options.connection.deadline, milliseconds(500));
    EXPECT_EQ(options.cancel_percent, 25);
    EXPECT_THAT(options.command, HasSubstr("emostage-bench --memory --ttft-ms 0"));
}

TEST(BenchOptions, WithBothEndpointsNothingIsStarted) {
    const auto options = read({"--commands", "tcp://a:1", "--events", "tcp://a:2", "--far-end",
                               "numbered", "--token-bytes", "7"});
    EXPECT_FALSE(options.start);
    EXPECT_EQ(options.connection.commands, "tcp://a:1");
    EXPECT_EQ(options.far_end, FarEnd::numbered);
    EXPECT_EQ(options.token_bytes, 7u);
    EXPECT_THAT(refuse({"--commands", "tcp://a:1"}), HasSubstr("--events"));
    EXPECT_THAT(refuse({"--commands", "tcp://a:1", "--events", "tcp://a:2", "--idle", "3"}),
                HasSubstr("--idle"));
    EXPECT_THAT(refuse({"--commands", "tcp://a:1", "--events", "tcp://a:2", "--cancel", "3"}),
                HasSubstr("--cancel"));
}

TEST(BenchOptions, WhatIsWrongIsSaid) {
    EXPECT_THAT(refuse({"--closed", "0"}), HasSubstr("--closed"));
    EXPECT_THAT(refuse({"--closed", "1", "--open", "1"}), HasSubstr("excludes"));
    EXPECT_THAT(refuse({"--open", "0"}), HasSubstr("--open"));
    EXPECT_THAT(refuse({"--rhythm", "jazz"}), HasSubstr("--rhythm"));
    EXPECT_THAT(refuse({"--seconds", "0"}), HasSubstr("--seconds"));
    EXPECT_THAT(refuse({"--label", "a/b"}), HasSubstr("--label"));
    EXPECT_THAT(refuse({"--pipeline", "a b"}), HasSubstr("--pipeline"));
    EXPECT_THAT(refuse({"--nonsense"}), HasSubstr("--nonsense"));
    std::string many = "1";
    for (std::size_t i = 0; i < Options::loads_max; ++i) many += ",1";
    EXPECT_THAT(refuse({"--closed", many}), HasSubstr("at most 64"));
}

TEST(BenchOptions, HelpAndVersionAreTexts) {
    EXPECT_THAT(read({"--help"}).text, HasSubstr("--closed"));
    EXPECT_THAT(read({"--version"}).text, HasSubstr("emostage-bench"));
}

}  // namespace
}  // namespace emostage::load
