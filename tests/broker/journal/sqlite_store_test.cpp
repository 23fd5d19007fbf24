#include "broker/journal/sqlite_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/broker/journal/journal_scene.hpp"

namespace emostage::broker {
namespace {

using namespace test;

mode_t mode_of(const std::string& path) {
    struct stat is {};
    EXPECT_EQ(::stat(path.c_str(), &is), 0) << path;
    return is.st_mode & 07777;
}

TEST(SqliteStore, MakesItsDirectoryAndFilesForItsUserAlone) {
    const TemporaryDirectory above;
    const std::string directory = above / "state";
    SqliteStore store = open_store(directory);
    load(store);
    EXPECT_EQ(mode_of(directory), 0700u);
    for (const char* name : {"journal.db", "journal.db-wal", "journal.db-shm", "lock", "ballast"}) {
        EXPECT_EQ(mode_of(directory + "/" + name), 0600u) << name;
    }
}

TEST(SqliteStore, KeepsItsBrokerIdAndCountsItsStarts) {
    const TemporaryDirectory directory;
    {
        SqliteStore store = open_store(directory.path());
        const Stored stored = load(store);
        EXPECT_EQ(stored.broker, "broker-id");
        EXPECT_EQ(stored.start, 1u);
        EXPECT_TRUE(stored.turns.empty());
    }
    auto store = SqliteStore::open(directory.path(), "another-id");
    ASSERT_TRUE(store) << store.error().message;
    const Stored stored = load(*store);
    EXPECT_EQ(stored.broker, "broker-id");
    EXPECT_EQ(stored.start, 2u);
}

TEST(SqliteStore, GivesBackAllThatWasCommitted) {
    const TemporaryDirectory directory;
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        for (std::uint64_t n = 1; n <= 3; ++n) EXPECT_TRUE(is_stored(store.apply(numbered(n))));
    }
    EXPECT_EQ(count_numbered(stored_in(directory.path())), 3u);
}

TEST(SqliteStore, KeepsARequestUntilItIsPutEmpty) {
    const TemporaryDirectory directory;
    const std::string request("what was asked \0 with any byte \xff", 31);
    TurnRow row{7, "t", "s", TurnState::queued, 0, "head", request};
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        EXPECT_TRUE(is_stored(store.apply({{row}, {}, {}, {}, {}})));
        row.state = TurnState::running;
        row.head = std::string("\0other", 6);
        row.request.reset();
        EXPECT_TRUE(is_stored(store.apply({{row}, {}, {}, {}, {}})));
    }
    const Stored running = stored_in(directory.path());
    ASSERT_EQ(running.turns.size(), 1u);
    EXPECT_EQ(running.turns[0].request, request);
    EXPECT_EQ(running.turns[0].state, TurnState::running);
    EXPECT_EQ(running.turns[0].head, row.head);
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        row.state = TurnState::ended;
        row.ended_ms = 1'700'000'000'000;
        row.request = "";
        EXPECT_TRUE(is_stored(store.apply({{row}, {}, {}, {}, {}})));
    }
    row.request.reset();
    EXPECT_EQ(stored_in(directory.path()).turns, std::vector{row});
}

TEST(SqliteStore, KeepsWhatIsEmptyAsEmpty) {
    const TemporaryDirectory directory;
    Commit commit;
    commit.turns.push_back({1, "", "", TurnState::queued, 0, "", std::nullopt});
    commit.events.push_back({1, 1, 1, ""});
    commit.sessions.push_back({"", 0, ""});
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        EXPECT_TRUE(is_stored(store.apply(commit)));
    }
    const Stored stored = stored_in(directory.path());
    EXPECT_EQ(stored.turns, commit.turns);
    EXPECT_EQ(stored.events, commit.events);
    EXPECT_EQ(stored.sessions, commit.sessions);
}

TEST(SqliteStore, ForgetsAfterItHasPut) {
    const TemporaryDirectory directory;
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        Commit both = numbered(1);
        both.forgotten_turns = {1, 99};
        both.forgotten_sessions = {"session-n1", "never there"};
        EXPECT_TRUE(is_stored(store.apply(both)));
    }
    const Stored stored = stored_in(directory.path());
    EXPECT_TRUE(stored.turns.empty());
    EXPECT_TRUE(stored.events.empty());
    EXPECT_TRUE(stored.sessions.empty());
}

// What a store must be: a map that survives its closing.
struct Model {
    std::map<std::uint64_t, TurnRow> turns;
    std::map<std::pair<std::uint64_t, std::uint64_t>, EventsRow> events;
    std::map<std::string, SessionRow> sessions;

    void apply(const Commit& commit) {
        for (TurnRow row : commit.turns) {
            if (!row.request && turns.contains(row.order)) {
                row.request = turns[row.order].request;
            } else if (row.request && row.request->empty()) {
                row.request.reset();
            }
            turns[row.order] = row;
        }
        for (const auto& row : commit.events) events[{row.order, row.first}] = row;
        for (const auto& row : commit.sessions) sessions[row.session] = row;
        for (const auto order : commit.forgotten_turns) {
            turns.erase(order);
            std::erase_if(events, [&](const auto& entry) { return entry.first.first == order; });
        }
        for (const auto& session : commit.forgotten_sessions) sessions.erase(session);
    }

    void expect(const Stored& stored) const {
        std::vector<TurnRow> all_turns;
        for (const auto& [order, row] : turns) all_turns.push_back(row);
        EXPECT_EQ(stored.turns, all_turns);
        std::vector<EventsRow> all_events;
        for (const auto& [key, row] : events) all_events.push_back(row);
        EXPECT_EQ(stored.events, all_events);
        std::vector<SessionRow> all_sessions;
        for (const auto& [name, row] : sessions) all_sessions.push_back(row);
        std::sort(all_sessions.begin(), all_sessions.end(), [](const auto& a, const auto& b) {
            return std::tie(a.changed_ms, a.session) < std::tie(b.changed_ms, b.session);
        });
        EXPECT_EQ(stored.sessions, all_sessions);
    }
};

TEST(SqliteStore, IsWhatAMapWouldBeAfterRandomCommitsAndReopenings) {
    const TemporaryDirectory directory;
    std::mt19937 random(20'240'611);
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    const auto bytes = [&] {
        std::string text(below(20) == 0 ? below(20'000) : below(300), '\0');
        for (char& c : text) c = static_cast<char>(below(256));
        return text;
    };
    Model model;
    std::map<std::uint64_t, std::uint64_t> said;
    for (int round = 0; round < 8; ++round) {
        SqliteStore store = open_store(directory.path());
        const Stored stored = load(store);
        EXPECT_EQ(stored.start, static_cast<std::uint64_t>(round + 1));
        model.expect(stored);
        for (int i = 0; i < 25; ++i) {
            Commit commit;
            for (std::uint64_t n = below(6); n > 0; --n) {
                const std::uint64_t order = 1 + below(60);
                TurnRow row{order,
                            "t" + std::to_string(order),
                            "s",
                            static_cast<TurnState>(below(3)),
                            static_cast<std::int64_t>(below(1'000'000)),
                            bytes(),
                            std::nullopt};
                if (below(2) == 0) row.request = below(4) == 0 ? "" : bytes();
                commit.turns.push_back(row);
                const std::uint64_t first = said[order] + 1;
                said[order] = first + below(9);
                commit.events.push_back({order, first, said[order], bytes()});
            }
            for (std::uint64_t n = below(4); n > 0; --n) {
                commit.sessions.push_back({"s" + std::to_string(below(30)),
                                           static_cast<std::int64_t>(below(5)), bytes()});
            }
            if (below(3) == 0) commit.forgotten_turns.push_back(1 + below(60));
            if (below(3) == 0) commit.forgotten_sessions.push_back("s" + std::to_string(below(30)));
            ASSERT_TRUE(is_stored(store.apply(commit))) << store.problem();
            model.apply(commit);
            store.after_commit();
            if (below(5) == 0) store.rest();
        }
    }
    model.expect(stored_in(directory.path()));
}

TEST(SqliteStore, StoresNothingOfACommitThatBreaksHalfWay) {
    const TemporaryDirectory directory;
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        EXPECT_TRUE(is_stored(store.apply(numbered(1))));
        Commit broken = numbered(2);
        broken.forgotten_turns = {1};
        broken.events.push_back({2, 1, 9, "numbers that are taken"});
        EXPECT_EQ(store.apply(broken).result, Committed::Result::failed);
        EXPECT_EQ(store.problem(), "constraint failed");
        EXPECT_TRUE(is_stored(store.apply(numbered(2)))) << "the store goes on";
    }
    EXPECT_EQ(count_numbered(stored_in(directory.path())), 2u);
}

TEST(SqliteStore, RefusesARowThatIsLargerThanAnyMayBe) {
    const TemporaryDirectory directory;
    SqliteStore store = open_store(directory.path());
    load(store);
    Commit commit;
    commit.sessions.push_back({"s", 0, std::string(SqliteStore::row_bytes_max + 1, 'x')});
    EXPECT_EQ(store.apply(commit).result, Committed::Result::failed);
    EXPECT_TRUE(is_stored(store.apply(numbered(1))));
}

TEST(SqliteStore, WritesForAnEmptyCommitToo) {
    const TemporaryDirectory directory;
    SqliteStore store = open_store(directory.path());
    load(store);
    while (store.rest()) {
    }
    ASSERT_EQ(std::filesystem::file_size(directory / "journal.db-wal"), 0u);
    EXPECT_TRUE(is_stored(store.apply({})));
    EXPECT_GT(std::filesystem::file_size(directory / "journal.db-wal"), 4096u);
}

TEST(SqliteStore, LeavesNoLogBehindWhenItIsClosed) {
    const TemporaryDirectory directory;
    {
        SqliteStore store = open_store(directory.path());
        load(store);
        EXPECT_TRUE(is_stored(store.apply(numbered(1))));
        EXPECT_TRUE(std::filesystem::exists(directory / "journal.db-wal"));
    }
    EXPECT_FALSE(std::filesystem::exists(directory / "journal.db-wal"));
    EXPECT_FALSE(std::filesystem::exists(directory / "journal.db-shm"));
}

// A steady state of 100 turns and 50 sessions, over 10,000 commits.
TEST(SqliteStore, StaysSmallOverManyCommits) {
    const TemporaryDirectory directory;
    SqliteStore store = open_store(directory.path());
    load(store);
    std::uintmax_t log_max = 0, file_early = 0;
    constexpr std::uint64_t kept = 100;
    for (std::uint64_t n = 1; n <= 10'000; ++n) {
        Commit commit = numbered(n, 1'000);
        commit.sessions[0].session = "session-" + std::to_string(n % 50);
        if (n > kept) commit.forgotten_turns = {n - kept};
        ASSERT_TRUE(is_stored(store.apply(commit))) << store.problem();
        store.after_commit();
        log_max = std::max(log_max, std::filesystem::file_size(directory / "journal.db-wal"));
        if (n == 2'000) file_early = std::filesystem::file_size(directory / "journal.db");
    }
    EXPECT_LE(log_max, (SqliteStore::log_pages_max + 100) * 4'200u);
    EXPECT_LE(std::filesystem::file_size(directory / "journal.db"), 2 * file_early);
    EXPECT_LE(file_early, 4'000'000u);
}

TEST(SqliteStore, GivesSpaceBackAtRest) {
    const TemporaryDirectory directory;
    SqliteStore store = open_store(directory.path());
    load(store);
    Commit gone;
    for (std::uint64_t n = 1; n <= 100; ++n) {
        EXPECT_TRUE(is_stored(store.apply(numbered(n, 100'000))));
        store.after_commit();
        gone.forgotten_turns.push_back(n);
        gone.forgotten_sessions.push_back("session-n" + std::to_string(n));
    }
    EXPECT_TRUE(is_stored(store.apply(gone)));
    store.after_commit();
    EXPECT_GT(std::filesystem::file_size(directory / "journal.db"), 25'000'000u);
    int steps = 0;
    while (store.rest()) ++steps;
    EXPECT_GT(steps, 10) << "in steps, between which a commit can come";
    EXPECT_LE(std::filesystem::file_size(directory / "journal.db"),
              (SqliteStore::free_pages_kept + 20) * 4'096u);
    EXPECT_EQ(std::filesystem::file_size(directory / "journal.db-wal"), 0u);
}

TEST(SqliteStore, CutsALogThatOneLargeCommitMadeLong) {
    const TemporaryDirectory directory;
    SqliteStore store = open_store(directory.path());
    load(store);
    EXPECT_TRUE(is_stored(store.apply(numbered(1, 10'000'000))));
    EXPECT_GT(std::filesystem::file_size(directory / "journal.db-wal"), 30'000'000u);
    store.after_commit();
    EXPECT_TRUE(is_stored(store.apply(numbered(2))));
    EXPECT_LE(std::filesystem::file_size(directory / "journal.db-wal"),
              static_cast<std::uintmax_t>(SqliteStore::log_bytes_kept));
}

// In short rows and in long ones, which take pages of their own.
TEST(SqliteStore, OverwritesWhatItForgets) {
    for (const std::size_t bytes : {100u, 50'000u}) {
        const TemporaryDirectory directory;
        SqliteStore store = open_store(directory.path());
        load(store);
        const std::string words = "unmistakable-words-of-a-client";
        Commit commit;
        commit.turns.push_back({1, "t", "s", TurnState::queued, 0, "head", words});
        commit.turns[0].request->append(bytes, 'x').append(words);
        commit.events.push_back({1, 1, 2, words + std::string(bytes, 'y') + words});
        commit.sessions.push_back({"s", 1, words + std::string(bytes, 'z') + words});
        EXPECT_TRUE(is_stored(store.apply(commit)));
        while (store.rest()) {
        }
        EXPECT_THAT(read_file(directory / "journal.db"), testing::HasSubstr(words));
        Commit gone;
        gone.forgotten_turns = {1};
        gone.forgotten_sessions = {"s"};
        EXPECT_TRUE(is_stored(store.apply(gone)));
        while (store.rest()) {
        }
        for (const auto& [name, content] : all_files(directory.path())) {
            EXPECT_EQ(content.find(words), std::string::npos) << name;
        }
    }
}

}  // namespace
}  // namespace emostage::broker
