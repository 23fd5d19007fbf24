#include "core/config/settings.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "core/config/log_settings.hpp"

namespace emostage::config {
namespace {

using testing::HasSubstr;

struct Options {
    std::string commands = "tcp://127.0.0.1:7701";
    std::uint32_t turns_max = 10;
    milliseconds lease{1000};
    std::vector<std::string> endpoints;
    std::string listed;
    std::string inspect;
    log::Config log;
};

class SettingsTest : public testing::Test {
protected:
    SettingsTest() : path_(testing::TempDir() + "settings_" + test_name() + ".yaml") {
        settings_.text("commands", options_.commands, "where gateways push");
        settings_.group("Queue");
        settings_.number("queue.turns_max", options_.turns_max, 1, 100, "turns that wait");
        settings_.time("leases.lease_ms", options_.lease, milliseconds(10), milliseconds(5000),
                       "lease");
        settings_.repeated("--endpoint", options_.endpoints, "a model server");
        settings_.once("--inspect", options_.inspect, "look at a thing");
        settings_.part("listed", [this](const YamlNode& node) -> Result<void> {
            if (node.kind() != YamlNode::Kind::list) return tl::unexpected(node.error("no list"));
            for (const auto& item : node.items()) options_.listed += item.text();
            return {};
        });
        add_log(settings_, options_.log);
    }
    ~SettingsTest() override { std::remove(path_.c_str()); }

    static std::string test_name() {
        return testing::UnitTest::GetInstance()->current_test_info()->name();
    }

    void file(const std::string& text) { std::ofstream(path_) << text; }

    Result<Request> load(std::vector<std::string> arguments) {
        return settings_.load(arguments,
                              [this](const std::string& name) -> std::optional<std::string> {
                                  const auto at = environment_.find(name);
                                  if (at == environment_.end()) return std::nullopt;
                                  return at->second;
                              });
    }
    Result<Request> load_file() { return load({"--config", path_}); }
    std::string problem(const Result<Request>& result) {
        EXPECT_FALSE(result);
        if (result) return "";
        EXPECT_EQ(result.error().code, Errc::config);
        return result.error().message;
    }

    std::string path_;
    std::map<std::string, std::string> environment_;
    Options options_;
    Settings settings_{"emostage-test", "Tests settings."};
};

TEST_F(SettingsTest, KeepsTheDefaultsWhereNothingIsSaid) {
    const auto request = load({});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, Request::Kind::run);
    EXPECT_EQ(options_.commands, "tcp://127.0.0.1:7701");
    EXPECT_EQ(options_.turns_max, 10u);
    EXPECT_EQ(settings_.origin("commands"), "");
}

TEST_F(SettingsTest, TakesEveryKeyFromTheFile) {
    file(
        "commands: a\nqueue:\n  turns_max: 20\nleases: {lease_ms: 30}\nlisted: [x, y]\n"
        "log_level: warn\nlog_format: json\n");
    ASSERT_TRUE(load_file());
    EXPECT_EQ(options_.commands, "a");
    EXPECT_EQ(options_.turns_max, 20u);
    EXPECT_EQ(options_.lease, milliseconds(30));
    EXPECT_EQ(options_.listed, "xy");
    EXPECT_EQ(options_.log.level, log::Level::warn);
    EXPECT_EQ(options_.log.format, log::Format::json);
    EXPECT_EQ(settings_.origin("queue.turns_max"), path_ + ":3");
}

TEST_F(SettingsTest, TakesTheEnvironmentBeforeTheFileAndTheFlagBeforeBoth) {
    file("commands: file\nqueue: {turns_max: 20}\nleases: {lease_ms: 30}\n");
    environment_ = {{"EMOSTAGE_QUEUE_TURNS_MAX", "21"}, {"EMOSTAGE_LEASES_LEASE_MS", "31"}};
    ASSERT_TRUE(load({"--config", path_, "--leases-lease-ms", "32"}));
    EXPECT_EQ(options_.commands, "file");
    EXPECT_EQ(options_.turns_max, 21u);
    EXPECT_EQ(options_.lease, milliseconds(32));
    EXPECT_EQ(settings_.origin("queue.turns_max"), "EMOSTAGE_QUEUE_TURNS_MAX");
    EXPECT_EQ(settings_.origin("leases.lease_ms"), "--leases-lease-ms");
}

TEST_F(SettingsTest, TakesAFlagWithItsValueInOneArgumentToo) {
    ASSERT_TRUE(load({"--queue-turns-max=7"}));
    EXPECT_EQ(options_.turns_max, 7u);
}

TEST_F(SettingsTest, TakesAnEmptyVariableAsNotSet) {
    environment_ = {{"EMOSTAGE_QUEUE_TURNS_MAX", ""}};
    ASSERT_TRUE(load({}));
    EXPECT_EQ(options_.turns_max, 10u);
}

TEST_F(SettingsTest, TakesAFlagOfTheCommandLineOnce) {
    ASSERT_TRUE(load({"--inspect", "a b"}));
    EXPECT_EQ(options_.inspect, "a b");
    EXPECT_THAT(problem(load({"--inspect"})), HasSubstr("--inspect"));
    EXPECT_THAT(problem(load({"--inspect", "a", "--inspect", "b"})), HasSubstr("--inspect"));
    EXPECT_EQ(problem(load({"--inspec", "a"})),
              "unknown flag \"--inspec\"; did you mean \"--inspect\"?");
    file("inspect: a\n");
    EXPECT_THAT(problem(load_file()), HasSubstr("unknown key \"inspect\""));
}

TEST_F(SettingsTest, CollectsARepeatedFlag) {
    ASSERT_TRUE(load({"--endpoint", "a", "--commands", "c", "--endpoint", "b"}));
    EXPECT_EQ(options_.endpoints, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(options_.commands, "c");
}

TEST_F(SettingsTest, RefusesAnUnknownKeyWithFileLineAndTheNearestName) {
    file("commands: a\ncomands: b\n");
    EXPECT_EQ(
        problem(load_file()),
        path_ + ":2: unknown key \"comands\" in the configuration; did you mean \"commands\"?");
}

TEST_F(SettingsTest, RefusesAnUnknownKeyOfAGroup) {
    file("queue:\n  turns: 3\n  turn_max: 4\n");
    EXPECT_THAT(problem(load_file()), HasSubstr(":2: unknown key \"turns\" in \"queue\""));
}

TEST_F(SettingsTest, RefusesAValueWithItsPlaceAndItsBounds) {
    file("commands: a\nqueue:\n  turns_max: 0\n");
    EXPECT_EQ(problem(load_file()), path_ +
                                        ":3: queue.turns_max: must be a whole number from 1 to "
                                        "100, not \"0\"");
    file("");
    environment_ = {{"EMOSTAGE_LEASES_LEASE_MS", "soon"}};
    EXPECT_EQ(problem(load({})),
              "EMOSTAGE_LEASES_LEASE_MS: must be a whole number from 10 to 5000, not \"soon\"");
    environment_.clear();
    EXPECT_EQ(problem(load({"--queue-turns-max", "101"})),
              "--queue-turns-max: must be a whole number from 1 to 100, not \"101\"");
}

TEST_F(SettingsTest, RefusesAMapOrListOrNothingWhereAValueIsWanted) {
    for (const auto* value : {"[1]", "{a: 1}", ""}) {
        file(std::string("queue:\n  turns_max: ") + value + "\n");
        EXPECT_THAT(problem(load_file()), HasSubstr(":2: queue.turns_max: wants one value"))
            << value;
    }
    file("queue: 3\n");
    EXPECT_THAT(problem(load_file()), HasSubstr(":1: \"queue\" must be a map"));
    file("- a\n");
    EXPECT_THAT(problem(load_file()), HasSubstr(":1: the configuration must be a map"));
}

TEST_F(SettingsTest, RefusesWhatItsPartsRefuse) {
    file("commands: a\nlisted: 3\n");
    EXPECT_THAT(problem(load_file()), HasSubstr(":2: no list"));
}

TEST_F(SettingsTest, RefusesAFileThatIsNotThere) {
    EXPECT_THAT(problem(load({"--config", path_ + ".none"})), HasSubstr(path_ + ".none"));
}

TEST_F(SettingsTest, RefusesAnUnknownFlagWithTheNearestName) {
    EXPECT_EQ(problem(load({"--comands", "x"})),
              "unknown flag \"--comands\"; did you mean \"--commands\"?");
    EXPECT_EQ(problem(load({"--queue-turn-max=3"})),
              "unknown flag \"--queue-turn-max\"; did you mean \"--queue-turns-max\"?");
    EXPECT_EQ(problem(load({"--zzzzzz"})), "unknown flag \"--zzzzzz\"; see --help");
    EXPECT_EQ(problem(load({"run"})), "unexpected argument \"run\"; see --help");
}

TEST_F(SettingsTest, RefusesAFlagWithoutAValueOrGivenTwice) {
    EXPECT_THAT(problem(load({"--commands"})), HasSubstr("--commands"));
    EXPECT_THAT(problem(load({"--commands", "a", "--commands", "b"})), HasSubstr("--commands"));
}

TEST_F(SettingsTest, RefusesAnEndlessValueWithoutShowingIt) {
    const std::string message = problem(load({"--queue-turns-max", std::string(5000, '9')}));
    EXPECT_EQ(message, "--queue-turns-max: longer than 4096 bytes");
}

TEST_F(SettingsTest, RefusesALevelItDoesNotKnowWithTheNearest) {
    EXPECT_EQ(problem(load({"--log-level", "wran"})),
              "--log-level: must be one of debug, info, warn, error, not \"wran\"; did you mean "
              "\"warn\"?");
    EXPECT_THAT(problem(load({"--log-format", "xml"})), HasSubstr("one of text, json"));
}

TEST_F(SettingsTest, ShowsHelpWithFlagsVariablesAndDefaults) {
    const auto request = load({"--help"});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, Request::Kind::show);
    for (const auto* part : {"--commands", "EMOSTAGE_COMMANDS", "tcp://127.0.0.1:7701", "--config",
                             "--queue-turns-max", "Queue:", "--endpoint", "--check-config"}) {
        EXPECT_THAT(request->text, HasSubstr(part));
    }
}

TEST_F(SettingsTest, ShowsItsVersion) {
    const auto request = load({"--version"});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, Request::Kind::show);
    EXPECT_EQ(request->text, std::string("emostage-test ") + EMOSTAGE_VERSION + "\n");
}

TEST_F(SettingsTest, ChecksTheFileWhenAskedOnlyToCheck) {
    file("commands: a\n");
    const auto request = load({"--check-config", "--config", path_});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, Request::Kind::check);
}

TEST_F(SettingsTest, KnowsItsKeys) {
    EXPECT_THAT(settings_.keys(),
                testing::UnorderedElementsAre("commands", "queue.turns_max", "leases.lease_ms",
                                              "listed", "log_level", "log_format"));
}

}  // namespace
}  // namespace emostage::config
