#include "broker/journal/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <functional>
#include <map>
#include <regex>
#include <sstream>
#include <vector>

#include "tests/broker/journal/journal_scene.hpp"

namespace emostage::broker {
namespace {

using testing::HasSubstr;
using namespace test;

constexpr std::int64_t now_ms = 1'700'000'100'000;

std::string text_of(const std::string& directory) {
    const auto text = inspect_journal(directory, now_ms);
    return text ? *text : "not read: " + text.error().message;
}

// The value of a line, by its name.
std::string value(const std::string& text, const std::string& name) {
    std::smatch found;
    const std::regex line("(?:^|\n)" + name + " +([^\n]*)");
    return std::regex_search(text, found, line) ? found[1].str() : "";
}

Commit mixed() {
    Commit commit;
    for (std::uint64_t n = 1; n <= 6; ++n) {
        TurnRow row{n, "t" + std::to_string(n), "s", TurnState::queued, 0, "head", "unmistakable"};
        if (n >= 4) row.state = TurnState::running;
        if (n == 6) {
            row.state = TurnState::ended;
            row.ended_ms = now_ms - 90'500;
            row.request = "";
        }
        commit.turns.push_back(row);
    }
    commit.events = {{4, 1, 5, "unmistakable"}, {4, 6, 6, "x"}, {6, 1, 20, "x"}};
    commit.sessions = {{"unmistakable-session", now_ms - 5'000, "unmistakable"},
                       {"s2", now_ms - 3'600'000, "x"}};
    return commit;
}

void expect_mixed(const std::string& text) {
    EXPECT_EQ(value(text, "schema version"), "1") << text;
    EXPECT_EQ(value(text, "broker"), "broker-id");
    EXPECT_EQ(value(text, "starts"), "1");
    EXPECT_EQ(value(text, "oldest end"), "2023-11-14T22:13:29Z, 90 s ago");
    EXPECT_EQ(value(text, "oldest session"), "2023-11-14T21:15:00Z, 3600 s ago");
    EXPECT_EQ(value(text, "turns queued"), "3");
    EXPECT_EQ(value(text, "turns running"), "2");
    EXPECT_EQ(value(text, "turns ended"), "1");
    EXPECT_EQ(value(text, "requests kept"), "5");
    EXPECT_EQ(value(text, "events"), "26");
    EXPECT_EQ(value(text, "events, rows"), "3");
    EXPECT_EQ(value(text, "sessions"), "2");
    for (const char* table : {"turns", "requests", "events", "sessions"}) {
        EXPECT_EQ(value(text, std::string("bytes of ") + table), "4096");
    }
    EXPECT_EQ(text.find("unmistakable"), std::string::npos);
}

void fill(const std::string& directory) {
    SqliteStore store = open_store(directory);
    load(store);
    ASSERT_TRUE(is_stored(store.apply(mixed())));
}

void fill_and_die(const std::string& directory) {
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(directory);
                  load(store);
                  EXPECT_TRUE(is_stored(store.apply(mixed())));
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
}

// Names, hashes of contents and times of change.
auto trace(const std::string& directory) {
    std::map<std::string, std::pair<std::size_t, std::filesystem::file_time_type>> trace;
    for (const auto& [name, bytes] : all_files(directory)) {
        trace[name] = {std::hash<std::string>{}(bytes),
                       std::filesystem::last_write_time(directory + "/" + name)};
    }
    return trace;
}

// A broker's store in a process of its own, which acts step by step as it is told. Must be made
// before this process opens a database: SQLite's locks are the process's.
class StoreElsewhere {
public:
    using Steps = std::vector<std::function<void(SqliteStore&)>>;

    StoreElsewhere(const std::string& directory, const Steps& steps) {
        EXPECT_EQ(::pipe(told_.data()), 0);
        EXPECT_EQ(::pipe(done_.data()), 0);
        child_ = ::fork();
        if (child_ != 0) return;
        ::close(told_[1]);
        SqliteStore store = open_store(directory);
        load(store);
        char sign = 0;
        for (const auto& step : steps) {
            if (::read(told_[0], &sign, 1) != 1) break;
            step(store);
            if (::write(done_[1], &sign, 1) != 1) break;
        }
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    ~StoreElsewhere() {
        for (const int end : {told_[0], told_[1], done_[0], done_[1]}) ::close(end);
        int status = 0;
        ::waitpid(child_, &status, 0);
        EXPECT_EQ(status, 0);
    }
    void begin_step() { EXPECT_EQ(::write(told_[1], "x", 1), 1); }
    void end_step() {
        char sign = 0;
        EXPECT_EQ(::read(done_[0], &sign, 1), 1);
    }
    void step() {
        begin_step();
        end_step();
    }

private:
    std::array<int, 2> told_{}, done_{};
    pid_t child_ = -1;
};

TEST(Inspect, SaysWhatIsInAJournalAtRestAndLeavesNoTrace) {
    const TemporaryDirectory directory;
    fill(directory.path());
    const auto before = trace(directory.path());
    const std::string text = text_of(directory.path());
    expect_mixed(text);
    EXPECT_EQ(value(text, "journal"), directory / "journal.db");
    EXPECT_EQ(value(text, "in use"), "by none");
    EXPECT_EQ(value(text, "bytes of the file"),
              std::to_string(std::filesystem::file_size(directory / "journal.db")));
    EXPECT_EQ(value(text, "bytes of its log"), "0");
    EXPECT_EQ(value(text, "bytes of the ballast"), "16777216");
    EXPECT_EQ(trace(directory.path()), before);
}

TEST(Inspect, AlignsItsLines) {
    const TemporaryDirectory directory;
    fill(directory.path());
    std::istringstream lines(text_of(directory.path()));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        ASSERT_GT(line.size(), 24u);
        EXPECT_EQ(line[23], ' ') << line;
    }
    EXPECT_GT(count, 15);
}

TEST(Inspect, SeesWhatAKilledBrokerLeftInItsLogAndLeavesNoTrace) {
    const TemporaryDirectory directory;
    fill_and_die(directory.path());
    ASSERT_GT(std::filesystem::file_size(directory / "journal.db-wal"), 0u);
    const auto before = trace(directory.path());
    const std::string text = text_of(directory.path());
    expect_mixed(text);
    EXPECT_EQ(value(text, "in use"), "by none");
    EXPECT_EQ(trace(directory.path()), before);
    EXPECT_EQ(stored_in(directory.path()).turns.size(), 6u) << "the broker starts after that";
}

TEST(Inspect, ReadsACopyOfTheTwoFilesAlone) {
    const TemporaryDirectory directory, copy;
    fill_and_die(directory.path());
    for (const char* name : {"journal.db", "journal.db-wal"}) {
        std::filesystem::copy_file(directory / name, copy / name);
    }
    const auto before = trace(copy.path());
    expect_mixed(text_of(copy.path()));
    EXPECT_EQ(trace(copy.path()), before);
}

TEST(Inspect, ReadsWhereItMayNotWrite) {
    const TemporaryDirectory above;
    const std::string directory = above / "state of? a#100%";
    fill_and_die(directory);
    const auto before = trace(directory);
    for (const auto& [name, content] : before) {
        ::chmod((directory + "/" + name).c_str(), 0444);
    }
    ::chmod(directory.c_str(), 0555);
    ::chmod(above.path().c_str(), 0755);
    EXPECT_EQ(in_child([&] {
                  constexpr uid_t nobody = 65534;
                  EXPECT_TRUE(::geteuid() != 0 || ::setuid(nobody) == 0);
                  expect_mixed(text_of(directory));
                  return 0;
              }),
              0);
    EXPECT_EQ(trace(directory), before);
    ::chmod(directory.c_str(), 0755);
}

TEST(Inspect, SaysThatABrokerIsAtItAndDoesNotDisturbIt) {
    const TemporaryDirectory directory;
    StoreElsewhere broker(directory.path(),
                          {[](SqliteStore& store) { EXPECT_TRUE(is_stored(store.apply(mixed()))); },
                           [](SqliteStore& store) {
                               EXPECT_TRUE(is_stored(store.apply(numbered(7))));
                               while (store.rest()) {
                               }
                           }});
    broker.step();
    const auto before = trace(directory.path());
    const std::string text = text_of(directory.path());
    expect_mixed(text);
    EXPECT_EQ(value(text, "in use"), "by a broker that runs");
    EXPECT_EQ(trace(directory.path()), before);
    broker.step();
    EXPECT_EQ(std::filesystem::file_size(directory / "journal.db-wal"), 0u);
    const auto rested = trace(directory.path());
    EXPECT_EQ(value(text_of(directory.path()), "turns queued"), "4");
    EXPECT_EQ(trace(directory.path()), rested);
}

// Each look sees whole commits, while the log is written, moved and begun anew.
TEST(Inspect, SeesOneMomentWhileABrokerWrites) {
    constexpr std::uint64_t commits = 300;
    const TemporaryDirectory directory;
    StoreElsewhere broker(directory.path(), {[](SqliteStore&) {},
                                             [](SqliteStore& store) {
                                                 for (std::uint64_t n = 1; n <= commits; ++n) {
                                                     store.apply(numbered(n, 5'000));
                                                     store.after_commit();
                                                 }
                                             }});
    broker.step();
    broker.begin_step();
    std::int64_t last = 0;
    int looks = 0;
    for (; last < static_cast<std::int64_t>(commits) && looks < 10'000; ++looks) {
        const std::string text = text_of(directory.path());
        const std::string queued = value(text, "turns queued");
        ASSERT_FALSE(queued.empty()) << text;
        EXPECT_EQ(value(text, "sessions"), queued);
        EXPECT_EQ(value(text, "events, rows"), queued);
        EXPECT_GE(std::stoll(queued), last);
        last = std::stoll(queued);
    }
    EXPECT_EQ(last, static_cast<std::int64_t>(commits));
    EXPECT_GT(looks, 2);
    broker.end_step();
}

TEST(Inspect, SaysNothingOfTimesWhereThereAreNone) {
    const TemporaryDirectory directory;
    stored_in(directory.path());
    const std::string text = text_of(directory.path());
    EXPECT_EQ(value(text, "oldest end"), "none");
    EXPECT_EQ(value(text, "oldest session"), "none");
    EXPECT_EQ(value(text, "events"), "0");
}

TEST(Inspect, RefusesWhatIsNotThereOrNoJournalAndMakesNothing) {
    const TemporaryDirectory directory;
    const auto missing = inspect_journal(directory / "none", now_ms);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::io);
    EXPECT_THAT(missing.error().message,
                HasSubstr((directory / "none/journal.db") + ": No such file or directory"));
    EXPECT_FALSE(std::filesystem::exists(directory / "none"));
    write_file(directory / "journal.db", std::string(4'096, 'x'));
    EXPECT_THAT(text_of(directory.path()), HasSubstr("is not a broker's journal"));
    EXPECT_EQ(all_files(directory.path()).size(), 1u);
}

TEST(Inspect, RefusesADamagedJournal) {
    const TemporaryDirectory directory;
    fill(directory.path());
    const std::string whole = read_file(directory / "journal.db");
    write_file(directory / "journal.db", whole.substr(0, 4'096));
    EXPECT_THAT(text_of(directory.path()), HasSubstr("is damaged ("));
    EXPECT_EQ(read_file(directory / "journal.db"), whole.substr(0, 4'096));
}

TEST(Inspect, RefusesANewerSchema) {
    const TemporaryDirectory directory;
    fill(directory.path());
    sqlite3* database = nullptr;
    ::sqlite3_open((directory / "journal.db").c_str(), &database);
    ::sqlite3_exec(database, "PRAGMA user_version = 2", nullptr, nullptr, nullptr);
    EXPECT_THAT(text_of(directory.path()), HasSubstr("has schema version 2")) << "in the log";
    ::sqlite3_close(database);
    EXPECT_THAT(text_of(directory.path()), HasSubstr("has schema version 2")) << "in the file";
}

}  // namespace
}  // namespace emostage::broker
