// Processes that are killed between the steps of a commit, and logs that lost their end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <future>

#include "broker/journal/journal_writer.hpp"
#include "tests/broker/journal/journal_scene.hpp"

namespace emostage::broker {
namespace {

using namespace test;
using Step = JournalWriter::Step;

// Commits number after number until the process kills itself at the n-th `at`; gives back the last
// number whose end was told before that.
std::uint64_t told_until_killed(const std::string& directory, Step at, int nth) {
    std::array<int, 2> told{};
    EXPECT_EQ(::pipe(told.data()), 0);
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(directory);
                  const std::uint64_t done = load(store).turns.size();
                  int left = nth;
                  JournalWriter writer(std::move(store), [&](Step step) {
                      if (step == at && --left == 0) ::raise(SIGKILL);
                  });
                  for (std::uint64_t n = done + 1; n <= done + 20; ++n) {
                      std::promise<void> stored;
                      writer.commit(numbered(n), [&](Committed committed) {
                          EXPECT_TRUE(is_stored(committed));
                          EXPECT_EQ(::write(told[1], &n, sizeof n), ssize_t{sizeof n});
                          stored.set_value();
                      });
                      stored.get_future().wait();
                  }
                  return 0;
              }),
              128 + SIGKILL);
    ::close(told[1]);
    std::uint64_t last = 0, next = 0;
    while (::read(told[0], &next, sizeof next) == ssize_t{sizeof next}) last = next;
    ::close(told[0]);
    return last;
}

TEST(SqliteStoreCrash, LosesNothingThatWasToldAtWhateverStepItIsKilled) {
    for (const Step step : {Step::begun, Step::written, Step::committed, Step::told}) {
        const TemporaryDirectory directory;
        std::uint64_t there = 0;
        for (const int nth : {1, 2, 5}) {
            const std::uint64_t told = told_until_killed(directory.path(), step, nth);
            const bool in_time = step == Step::committed || step == Step::told;
            const std::uint64_t expected =
                there + static_cast<std::uint64_t>(in_time ? nth : nth - 1);
            there = count_numbered(stored_in(directory.path()));
            EXPECT_EQ(there, expected) << "step " << static_cast<int>(step) << ", " << nth;
            EXPECT_LE(told, there);
        }
    }
}

TEST(SqliteStoreCrash, KeepsWholeCommitsOfALogThatLostItsEnd) {
    constexpr std::uint64_t commits = 12;
    const TemporaryDirectory directory;
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(directory.path());
                  load(store);
                  for (std::uint64_t n = 1; n <= commits; ++n) {
                      EXPECT_TRUE(is_stored(store.apply(numbered(n, 3'000))));
                  }
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    const std::string log = read_file(directory / "journal.db-wal");
    ASSERT_GT(log.size(), commits * 8'192u);
    std::uint64_t before = 0, starts = 0;
    for (std::size_t size = 0; size <= log.size(); size += 9'173) {
        const TemporaryDirectory above;
        copy_files(directory.path(), above / "copy");
        write_file(above / "copy/journal.db-wal", log.substr(0, size));
        const Stored stored = stored_in(above / "copy");
        const std::uint64_t there = count_numbered(stored, 3'000);
        EXPECT_GE(there, before) << size;
        EXPECT_LE(there, before + 2) << size;
        before = there;
        starts = stored.start;
    }
    EXPECT_GE(before, commits - 2);
    EXPECT_EQ(starts, 2u);
    EXPECT_EQ(count_numbered(stored_in(directory.path()), 3'000), commits);
}

TEST(SqliteStoreCrash, KeepsTheCommitsBeforeAFlippedByteInTheLog) {
    const TemporaryDirectory directory;
    EXPECT_EQ(in_child([&] {
                  SqliteStore store = open_store(directory.path());
                  load(store);
                  for (std::uint64_t n = 1; n <= 6; ++n) {
                      EXPECT_TRUE(is_stored(store.apply(numbered(n))));
                  }
                  return ::raise(SIGKILL);
              }),
              128 + SIGKILL);
    const std::string log = read_file(directory / "journal.db-wal");
    for (std::size_t at = 0; at < log.size(); at += 4'111) {
        const TemporaryDirectory above;
        copy_files(directory.path(), above / "copy");
        std::string flipped = log;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        write_file(above / "copy/journal.db-wal", flipped);
        EXPECT_LE(count_numbered(stored_in(above / "copy")), 6u) << at;
    }
}

TEST(SqliteStoreCrash, InTheMiddleOfMakingTheFileLeavesNothingInTheWay) {
    const TemporaryDirectory directory;
    write_file(directory / "journal.db.new", "half a file");
    write_file(directory / "journal.db.new-wal", "half a log");
    write_file(directory / "ballast", "half");
    EXPECT_EQ(stored_in(directory.path()).start, 1u);
    EXPECT_FALSE(std::filesystem::exists(directory / "journal.db.new"));
    EXPECT_FALSE(std::filesystem::exists(directory / "journal.db.new-wal"));
    EXPECT_EQ(std::filesystem::file_size(directory / "ballast"), 16u * 1024 * 1024);
}

}  // namespace
}  // namespace emostage::broker
