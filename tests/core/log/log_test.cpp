#include "core/log/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

namespace emostage::log {
namespace {

class Pipe {
public:
    Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void close_reader() { close_end(0); }
    void close_writer() { close_end(1); }

    // Closes the writing end first: the last line is known to be there.
    std::vector<std::string> lines() {
        close_writer();
        std::string all;
        std::array<char, 4096> piece;
        ssize_t size = 0;
        while ((size = ::read(ends_[0], piece.data(), piece.size())) > 0) {
            all.append(piece.data(), static_cast<std::size_t>(size));
        }
        std::vector<std::string> lines;
        std::istringstream in(all);
        for (std::string line; std::getline(in, line);) lines.push_back(line);
        return lines;
    }

private:
    void close_end(std::size_t end) {
        if (ends_[end] >= 0) ::close(ends_[end]);
        ends_[end] = -1;
    }
    std::array<int, 2> ends_{-1, -1};
};

Config config_for(const Pipe& pipe) { return {Level::info, Format::text, "prog", pipe.writer()}; }

TEST(Log, WritesWhatIsAtOrAboveTheLevelInOrder) {
    Pipe pipe;
    {
        const Writer writer(config_for(pipe));
        debug("hidden");
        info("first", {{"turn", "t-1"}});
        error("second");
    }
    const auto lines = pipe.lines();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_THAT(lines[0], testing::MatchesRegex(
                              "[0-9]+-[0-9]+-[0-9]+T[0-9:]+[.][0-9]+Z info  prog: first turn=t-1"));
    EXPECT_THAT(lines[1], testing::EndsWith("Z error prog: second"));
}

TEST(Log, WritesJsonLinesThatParse) {
    Pipe pipe;
    {
        Config config = config_for(pipe);
        config.format = Format::json;
        config.level = Level::debug;
        const Writer writer(config);
        debug("first", {{"attempt", 2}});
    }
    const auto lines = pipe.lines();
    ASSERT_EQ(lines.size(), 1u);
    const auto object = nlohmann::json::parse(lines[0]);
    EXPECT_EQ(object["level"], "debug");
    EXPECT_EQ(object["event"], "first");
    EXPECT_EQ(object["attempt"], 2);
    EXPECT_THAT(object["time"].get<std::string>(), testing::EndsWith("Z"));
}

TEST(Log, WritesNothingWhereNoWriterLives) {
    Pipe pipe;
    { const Writer writer(config_for(pipe)); }
    info("nobody hears");
    EXPECT_FALSE(enabled(Level::error));
    EXPECT_TRUE(pipe.lines().empty());
}

TEST(Log, WritesEverythingThatIsQueuedBeforeItEnds) {
    Pipe pipe;
    std::vector<std::string> lines;
    std::thread reader([&lines, descriptor = pipe.reader()] {
        // Reads on while the writer writes: the pipe alone would not hold all of it.
        std::string all;
        std::array<char, 4096> piece;
        while (true) {
            const ssize_t size = ::read(descriptor, piece.data(), piece.size());
            if (size <= 0) break;
            all.append(piece.data(), static_cast<std::size_t>(size));
        }
        std::istringstream in(all);
        for (std::string line; std::getline(in, line);) lines.push_back(line);
    });
    {
        const Writer writer(config_for(pipe));
        for (int i = 0; i < static_cast<int>(queue_lines_max); ++i) info("line", {{"number", i}});
    }
    pipe.close_writer();
    reader.join();
    ASSERT_EQ(lines.size(), queue_lines_max);
    EXPECT_THAT(lines.back(), testing::EndsWith("number=4095"));
}

TEST(Log, NeverHoldsTheCallerWhenNobodyReads) {
    Pipe pipe;
    const auto begin = std::chrono::steady_clock::now();
    {
        const Writer writer(config_for(pipe));
        const std::string word(200, 'a');
        for (std::size_t i = 0; i < 3 * queue_lines_max; ++i) info("line", {{"word", word}});
        EXPECT_GT(lines_lost(), 0u);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    for (const auto& line : pipe.lines()) EXPECT_THAT(line, testing::EndsWith("a")) << "a cut line";
}

TEST(Log, OutlivesAReaderThatIsGone) {
    ::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.close_reader();
    const Writer writer(config_for(pipe));
    for (int i = 0; i < 100; ++i) error("line");
}

TEST(Log, TakesLinesFromManyThreads) {
    Pipe pipe;
    {
        const Writer writer(config_for(pipe));
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([] {
                for (int i = 0; i < 50; ++i) info("line", {{"number", i}});
            });
        }
        for (auto& thread : threads) thread.join();
    }
    EXPECT_EQ(pipe.lines().size(), 200u);
}

TEST(Log, KnowsItsLevelsAndFormatsByName) {
    for (const auto level : {Level::debug, Level::info, Level::warn, Level::error}) {
        EXPECT_EQ(level_named(name(level)), level);
    }
    EXPECT_EQ(format_named("json"), Format::json);
    EXPECT_EQ(format_named("text"), Format::text);
    EXPECT_FALSE(level_named("verbose"));
    EXPECT_FALSE(format_named("xml"));
}

}  // namespace
}  // namespace emostage::log
