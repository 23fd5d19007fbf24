#include "bench/load/child.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

namespace emostage::load {
namespace {

using std::chrono::seconds;

struct ChildTest : testing::Test {
    ChildTest() {
        path = std::filesystem::temp_directory_path() /
               ("bench-child-" + std::to_string(::getpid()) + ".log");
    }
    ~ChildTest() override { std::filesystem::remove(path); }

    Result<Child> shell(const std::string& script) {
        return Child::start("shell", {"/bin/sh", "-c", script}, path);
    }
    std::filesystem::path path;
    const std::function<bool()> never = [] { return false; };
};

bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }

TEST_F(ChildTest, IsReadyWhenItSaysSoAndGoneWhenWeAreDone) {
    pid_t pid = 0;
    {
        auto child = shell("echo starting; echo ready port=7 >&2; exec sleep 1000");
        ASSERT_TRUE(child);
        const auto line = child->line_with("ready", seconds(20), never);
        ASSERT_TRUE(line) << line.error().message;
        EXPECT_EQ(*line, "ready port=7");
        EXPECT_TRUE(child->running());
        pid = child->pid();
        EXPECT_TRUE(lives(pid));
    }
    EXPECT_FALSE(lives(pid));
}

TEST_F(ChildTest, OneThatEndsByItselfIsToldWithItsLastWords) {
    auto child = shell("echo trying; echo no such port; exit 3");
    ASSERT_TRUE(child);
    const auto line = child->line_with("ready", seconds(20), never);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, Errc::unavailable);
    EXPECT_THAT(line.error().message, testing::HasSubstr("ended by itself: no such port"));
    EXPECT_FALSE(child->running());
    EXPECT_EQ(child->ended(), "exit code 3: no such port");
}

TEST_F(ChildTest, OneThatIsKilledIsToldWithTheSignal) {
    auto child = shell("echo working; kill -9 $$");
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->line_with("ready", seconds(20), never));
    EXPECT_EQ(child->ended(), "signal 9: working");
}

TEST_F(ChildTest, WaitingEndsWithTheTimeOrWhenAllIsStopped) {
    auto child = shell("exec sleep 1000");
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->line_with("ready", milliseconds(10), never));
    const auto stopped = child->line_with("ready", seconds(1'000), [] { return true; });
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message, testing::HasSubstr("stopped"));
}

TEST_F(ChildTest, AProgramThatIsNotThereSaysWhatToDo) {
    const auto child = Child::start("x", {"/nonexistent/emostage-broker"}, path);
    ASSERT_FALSE(child);
    EXPECT_THAT(child.error().message, testing::HasSubstr("build it first"));
}

TEST_F(ChildTest, ALogThatCannotBeWrittenIsNamed) {
    const auto child = Child::start("x", {"/bin/sh"}, "/nonexistent/log");
    ASSERT_FALSE(child);
    EXPECT_THAT(child.error().message, testing::HasSubstr("/nonexistent/log"));
}

TEST(ValueIn, FindsWhatFollowsAKey) {
    constexpr std::string_view line = "12:00 broker started commands=tcp://a:1 events=tcp://b:2";
    EXPECT_EQ(value_in(line, "commands"), "tcp://a:1");
    EXPECT_EQ(value_in(line, "events"), "tcp://b:2");
    EXPECT_EQ(value_in(line, "vents"), "");
    EXPECT_EQ(value_in(line, "admin"), "");
    EXPECT_EQ(value_in("", "admin"), "");
}

}  // namespace
}  // namespace emostage::load
