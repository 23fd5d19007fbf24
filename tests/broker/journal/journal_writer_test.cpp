#include "broker/journal/journal_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/journal/open_journal.hpp"
#include "tests/broker/journal/journal_scene.hpp"
#include "tests/patience.hpp"

namespace emostage::broker {
namespace {

using namespace test;
using Step = JournalWriter::Step;

SqliteStore loaded(const std::string& directory) {
    SqliteStore store = open_store(directory);
    load(store);
    return store;
}

Committed commit_and_wait(CommitSink& sink, Commit commit) {
    std::promise<Committed> told;
    sink.commit(std::move(commit), [&](Committed committed) { told.set_value(committed); });
    return told.get_future().get();
}

TEST(JournalWriter, TellsOnItsOwnThreadWhatWasStored) {
    const TemporaryDirectory directory;
    {
        JournalWriter writer(loaded(directory.path()));
        std::promise<std::thread::id> told;
        writer.commit(numbered(1), [&](Committed committed) {
            EXPECT_TRUE(is_stored(committed));
            told.set_value(std::this_thread::get_id());
        });
        EXPECT_NE(told.get_future().get(), std::this_thread::get_id());
    }
    EXPECT_EQ(count_numbered(stored_in(directory.path())), 1u);
}

TEST(JournalWriter, TakesTheNextCommitFromWithinTheEndOfTheLast) {
    const TemporaryDirectory directory;
    constexpr std::uint64_t commits = 50;
    {
        JournalWriter writer(loaded(directory.path()));
        std::promise<void> all;
        std::function<void(std::uint64_t)> next = [&](std::uint64_t n) {
            writer.commit(numbered(n), [&, n](Committed committed) {
                EXPECT_TRUE(is_stored(committed));
                if (n == commits) return all.set_value();
                next(n + 1);
            });
        };
        next(1);
        all.get_future().wait();
    }
    EXPECT_EQ(count_numbered(stored_in(directory.path())), commits);
}

TEST(JournalWriter, FinishesTheCommitUnderWayBeforeItGoes) {
    const TemporaryDirectory directory;
    bool told = false;
    {
        JournalWriter writer(loaded(directory.path()));
        writer.commit(numbered(1), [&](Committed committed) { told = is_stored(committed); });
    }
    EXPECT_TRUE(told);
    EXPECT_EQ(count_numbered(stored_in(directory.path())), 1u);
}

TEST(JournalWriter, SaysNothingOfACommitThatFailedAndGoesOn) {
    const TemporaryDirectory directory;
    {
        std::mutex mutex;
        std::vector<Step> steps;
        JournalWriter writer(loaded(directory.path()), [&](Step step) {
            const std::lock_guard lock(mutex);
            steps.push_back(step);
        });
        Commit broken = numbered(1);
        broken.events.push_back(broken.events[0]);
        EXPECT_EQ(commit_and_wait(writer, broken).result, Committed::Result::failed);
        EXPECT_TRUE(is_stored(commit_and_wait(writer, numbered(1))));
        const std::lock_guard lock(mutex);
        steps.resize(std::min<std::size_t>(steps.size(), 5));
        EXPECT_THAT(steps, testing::ElementsAre(Step::begun, Step::told, Step::begun, Step::written,
                                                Step::committed));
    }
    EXPECT_EQ(count_numbered(stored_in(directory.path())), 1u);
}

TEST(JournalWriter, CutsTheLogWhenNothingIsToBeDone) {
    const TemporaryDirectory directory;
    JournalWriter writer(loaded(directory.path()));
    EXPECT_TRUE(is_stored(commit_and_wait(writer, numbered(1))));
    const auto log_bytes = [&] { return std::filesystem::file_size(directory / "journal.db-wal"); };
    EXPECT_GT(log_bytes(), 0u);
    const auto until = std::chrono::steady_clock::now() + emostage::test::patience;
    while (log_bytes() > 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
    }
    EXPECT_EQ(log_bytes(), 0u);
    EXPECT_TRUE(is_stored(commit_and_wait(writer, numbered(2))));
}

TEST(OpenJournal, KeepsNothingWhereMemoryIsAskedFor) {
    auto journal = open_journal(":memory:", "broker-id");
    ASSERT_TRUE(journal);
    EXPECT_EQ(journal->stored.broker, "broker-id");
    EXPECT_EQ(journal->stored.start, 1u);
    EXPECT_TRUE(is_stored(commit_and_wait(*journal->sink, numbered(1))));
    EXPECT_FALSE(std::filesystem::exists(":memory:"));
}

TEST(OpenJournal, StartsWithWhatTheLastOneStored) {
    const TemporaryDirectory above;
    for (const std::uint64_t start : {1u, 2u}) {
        auto journal = open_journal(above / "state", "id-" + std::to_string(start));
        ASSERT_TRUE(journal) << journal.error().message;
        EXPECT_EQ(journal->stored.broker, "id-1");
        EXPECT_EQ(journal->stored.start, start);
        EXPECT_EQ(count_numbered(journal->stored), start - 1);
        EXPECT_TRUE(is_stored(commit_and_wait(*journal->sink, numbered(start))));
    }
}

TEST(OpenJournal, SaysWhyItCannot) {
    const auto journal = open_journal("/dev/null", "broker-id");
    ASSERT_FALSE(journal);
    EXPECT_EQ(journal.error().message, "/dev/null is not a directory: choose another with --state");
}

}  // namespace
}  // namespace emostage::broker
