// What a store does not open, and what it says then: one sentence with what, where and what to do.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <csignal>
#include <random>

#include "broker/journal/journal_file.hpp"
#include "broker/journal/sqlite_store.hpp"
#include "tests/broker/journal/journal_scene.hpp"

namespace emostage::broker {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using namespace test;

// What is said of the directory; empty: it opens and loads.
std::string problem(const std::string& directory) {
    auto store = SqliteStore::open(directory, "broker-id");
    if (!store) {
        EXPECT_EQ(store.error().code, Errc::io);
        return store.error().message;
    }
    auto stored = store->load();
    return stored ? "" : stored.error().message;
}

// With a few commits in it and closed well.
void fill(const std::string& directory, std::uint64_t commits = 20) {
    SqliteStore store = open_store(directory);
    load(store);
    for (std::uint64_t n = 1; n <= commits; ++n) ASSERT_TRUE(is_stored(store.apply(numbered(n))));
}

void change(const std::string& directory, const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(::sqlite3_open((directory + "/journal.db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(database);
    ::sqlite3_close(database);
}

TEST(SqliteStoreRefusal, OfADirectoryThatAnotherBrokerHolds) {
    const TemporaryDirectory directory;
    {
        SqliteStore first = open_store(directory.path());
        EXPECT_EQ(problem(directory.path()),
                  "another broker keeps its state in " + directory.path() +
                      ": stop it, or choose another directory with --state");
        EXPECT_EQ(in_child([&] { return problem(directory.path()).empty() ? 0 : 7; }), 7)
            << "of another process too";
    }
    EXPECT_EQ(problem(directory.path()), "") << "once it is closed";
}

TEST(SqliteStoreRefusal, EndsWithTheProcessThatWasKilled) {
    const TemporaryDirectory directory;
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(directory.path());
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    EXPECT_EQ(problem(directory.path()), "");
}

TEST(SqliteStoreRefusal, OfAPathThatCannotBeADirectory) {
    const TemporaryDirectory directory;
    write_file(directory / "file", "x");
    EXPECT_EQ(problem(directory / "file"),
              (directory / "file") + " is not a directory: choose another with --state");
    EXPECT_EQ(problem(directory / "no/state"), "cannot make the directory " +
                                                   (directory / "no/state") +
                                                   ": No such file or directory; choose another "
                                                   "with --state");
    EXPECT_THAT(problem(directory / "file/state"), HasSubstr("Not a directory; choose another"));
}

TEST(SqliteStoreRefusal, WithoutTheRightToWrite) {
    const TemporaryDirectory above;
    const std::string directory = above / "state";
    fill(directory);
    ::chmod(above.path().c_str(), 0755);
    const auto as_somebody = [](const std::function<void()>& act) {
        return in_child([&] {
            constexpr uid_t nobody = 65534;
            EXPECT_TRUE(::geteuid() != 0 || ::setuid(nobody) == 0);
            act();
            return 0;
        });
    };
    ::chmod(directory.c_str(), 0555);
    EXPECT_EQ(as_somebody([&] {
                  EXPECT_THAT(problem(directory), AnyOf(HasSubstr("Permission denied; let this"),
                                                        HasSubstr("readonly database; let this")));
              }),
              0);
    ::chmod(directory.c_str(), 0777);
    for (const char* name : {"lock", "ballast"}) ::chmod((directory + "/" + name).c_str(), 0666);
    ::chmod((directory + "/journal.db").c_str(), 0444);
    EXPECT_EQ(as_somebody([&] {
                  EXPECT_EQ(problem(directory),
                            "cannot use " + directory +
                                "/journal.db: attempt to write a readonly database; let this user "
                                "read and write it, or choose another directory with --state");
              }),
              0);
    ::chmod((directory + "/journal.db").c_str(), 0000);
    EXPECT_EQ(as_somebody([&] {
                  EXPECT_THAT(problem(directory), HasSubstr("Permission denied; let this user"));
              }),
              0);
}

TEST(SqliteStoreRefusal, OfWhatIsNoJournal) {
    const std::string sentence =
        " is not a broker's journal: choose another directory with --state, or put a copy of the "
        "journal back";
    const TemporaryDirectory directory;
    const std::string file = directory / "journal.db";
    write_file(file, std::string(5'000, 'x'));
    EXPECT_EQ(problem(directory.path()), file + sentence);
    EXPECT_EQ(read_file(file), std::string(5'000, 'x')) << "it is left as it was";

    std::filesystem::remove(file);
    change(directory.path(), "PRAGMA journal_mode = WAL; CREATE TABLE notes(text)");
    const std::string others = read_file(file);
    EXPECT_EQ(problem(directory.path()), file + sentence) << "another program's SQLite file";
    EXPECT_EQ(read_file(file), others);

    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    EXPECT_EQ(problem(directory.path()), file + sentence);

    std::filesystem::remove(file);
    ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(problem(directory.path()), file + sentence) << "and does not wait at a pipe";
}

TEST(SqliteStoreRefusal, OfANewerSchema) {
    const TemporaryDirectory directory;
    fill(directory.path());
    change(directory.path(), "PRAGMA user_version = 2");
    const std::string sentence = (directory / "journal.db") +
                                 " has schema version 2, and this broker knows 1: start the newer "
                                 "broker that wrote it, or choose another directory with --state";
    EXPECT_EQ(problem(directory.path()), sentence);
}

TEST(SqliteStoreRefusal, OfANewerSchemaThatIsStillInTheLog) {
    const TemporaryDirectory directory;
    fill(directory.path());
    EXPECT_EQ(in_child([&] {
                  change(directory.path(), "BEGIN");
                  sqlite3* database = nullptr;
                  ::sqlite3_open((directory / "journal.db").c_str(), &database);
                  ::sqlite3_exec(database, "PRAGMA user_version = 3", nullptr, nullptr, nullptr);
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    EXPECT_THAT(problem(directory.path()), HasSubstr("has schema version 3, and this broker"));
}

TEST(SqliteStoreRefusal, OfAFileThatWasCutShort) {
    const TemporaryDirectory directory;
    fill(directory.path());
    const std::string whole = read_file(directory / "journal.db");
    for (const std::size_t size : {0u, 1u, 99u}) {
        write_file(directory / "journal.db", whole.substr(0, size));
        EXPECT_EQ(problem(directory.path()),
                  (directory / "journal.db") +
                      " is damaged (it was cut short): put a copy of its directory back, or move "
                      "the directory away to start without its turns");
    }
    for (std::size_t size = 100; size < whole.size(); size += 3'001) {
        write_file(directory / "journal.db", whole.substr(0, size));
        EXPECT_THAT(problem(directory.path()), HasSubstr("is damaged (")) << size;
    }
}

TEST(SqliteStoreRefusal, OfALogWhoseJournalIsGone) {
    const TemporaryDirectory directory;
    write_file(directory / "journal.db-wal", "x");
    EXPECT_EQ(problem(directory.path()),
              (directory / "journal.db") + " is missing, but " + (directory / "journal.db-wal") +
                  " is there: put the missing file back, or move the directory away to start "
                  "without its turns");
}

TEST(SqliteStoreRefusal, OfAJournalWithoutItsTables) {
    for (const char* sql : {"DROP TABLE events", "DELETE FROM meta", "DROP TABLE meta",
                            "UPDATE turns SET state = 3", "UPDATE turns SET session = 'x'",
                            "UPDATE requests SET body = x'00'", "UPDATE events SET last = 9",
                            "UPDATE sessions SET changed_ms = 9", "UPDATE meta SET start = 9"}) {
        const TemporaryDirectory directory;
        fill(directory.path(), 2);
        change(directory.path(), sql);
        EXPECT_THAT(problem(directory.path()), HasSubstr("is damaged (")) << sql;
    }
}

// Every byte of the file, on a grid that hits each kind of page: what comes back is what was
// stored, or nothing does.
TEST(SqliteStoreRefusal, OfAFlippedByteThatWouldChangeAnything) {
    const TemporaryDirectory directory;
    fill(directory.path(), 20);
    const std::string whole = read_file(directory / "journal.db");
    std::mt19937 random(7);
    int refused = 0, harmless = 0;
    for (std::size_t at = 0; at < whole.size(); at += at < 120 ? 3 : 211) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1u << random() % 8));
        const TemporaryDirectory copy;
        write_file(copy / "journal.db", flipped);
        auto store = SqliteStore::open(copy.path(), "broker-id");
        auto stored = store ? store->load() : tl::unexpected(store.error());
        if (stored) {
            ++harmless;
            EXPECT_EQ(count_numbered(*stored), 20u) << at;
            EXPECT_EQ(stored->broker, "broker-id") << at;
            EXPECT_EQ(stored->start, 2u) << at;
        } else {
            ++refused;
            EXPECT_THAT(stored.error().message, HasSubstr(copy / "journal.db")) << at;
        }
    }
    EXPECT_GT(refused, 100);
    EXPECT_GT(harmless, 10) << "most of a page may be free";
}

// After a loss of power the whole file is checked, also where a start would not read.
TEST(SqliteStoreRefusal, OfPagesThatContradictEachOtherAfterTheMachineWentDown) {
    constexpr std::size_t free_pages_at = 36;
    const TemporaryDirectory before;
    fill(before.path());
    std::string file = read_file(before / "journal.db");
    file[free_pages_at + 3] = static_cast<char>(file[free_pages_at + 3] + 1);
    write_file(before / "journal.db", file);
    // One that goes down while something is in the log.
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(before.path());
                  load(store);
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    const TemporaryDirectory above;
    copy_files(before.path(), above / "killed");
    EXPECT_EQ(problem(above / "killed"), "") << "the process alone went down: no check";

    copy_files(before.path(), above / "power");
    EXPECT_EQ(in_child([&] {
                  sqlite3* database = nullptr;
                  ::sqlite3_open((above / "power/journal.db").c_str(), &database);
                  const JournalMeta meta{"broker-id", 2, "another boot"};
                  const std::string sql =
                      "UPDATE meta SET boot = 'another boot', sum = " + std::to_string(meta.sum());
                  ::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    EXPECT_EQ(
        problem(above / "power"),
        (above / "power/journal.db") +
            " is damaged (its pages contradict each other): put a copy of its directory back, "
            "or move the directory away to start without its turns");
}

}  // namespace
}  // namespace emostage::broker
