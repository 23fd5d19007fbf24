// A disk that is full, truly: a small tmpfs in a mount namespace of the test's own, and, where the
// system allows none, a limit of file sizes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "broker/journal/ballast.hpp"
#include "tests/broker/journal/journal_scene.hpp"

namespace emostage::broker {
namespace {

using namespace test;
namespace fs = std::filesystem;

constexpr std::uintmax_t mib = 1024 * 1024;
constexpr int no_mount = 77;

bool mount_small(const std::string& directory, int mebibytes) {
    const int spaces = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    return ::unshare(spaces) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", directory.c_str(), "tmpfs", 0,
                   ("size=" + std::to_string(mebibytes) + "m").c_str()) == 0;
}

// `act` on a file system of that size; the mount ends with the process.
int on_small_disk(int mebibytes, const std::function<void(const std::string&)>& act) {
    const TemporaryDirectory directory;
    return in_child([&] {
        if (!mount_small(directory.path(), mebibytes)) return no_mount;
        act(directory.path());
        return 0;
    });
}

void occupy(const std::string& path, std::uintmax_t bytes) {
    const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT_EQ(::posix_fallocate(file, 0, static_cast<off_t>(bytes)), 0);
    ::close(file);
}

// Commits numbers from `n` on until one is not stored; gives that number.
std::uint64_t commit_until_full(SqliteStore& store, std::uint64_t n, std::size_t bytes) {
    for (const std::uint64_t end = n + 10'000; n < end; ++n) {
        const Committed committed = store.apply(numbered(n, bytes));
        store.after_commit();
        if (is_stored(committed)) continue;
        EXPECT_EQ(committed.result, Committed::Result::full);
        EXPECT_THAT(store.problem(),
                    testing::AnyOf("database or disk is full", testing::HasSubstr("No space left"),
                                   testing::HasSubstr("File too large")));
        return n;
    }
    ADD_FAILURE() << "the disk is never full";
    return n;
}

TEST(FullDisk, ThrowsTheBallastOverboardAndStoresOn) {
    const int code = on_small_disk(80, [](const std::string& disk) {
        const std::string state = disk + "/state", ballast = state + "/ballast";
        constexpr std::size_t bytes = 100'000;
        occupy(disk + "/others", 20 * mib);
        std::uint64_t refused = 0;
        {
            SqliteStore store = open_store(state);
            load(store);
            EXPECT_EQ(fs::file_size(ballast), 16 * mib);
            refused = commit_until_full(store, 1, bytes);
            EXPECT_GT(refused, 20u);
            EXPECT_FALSE(fs::exists(ballast));

            const Committed again = store.apply(numbered(refused, bytes));
            EXPECT_TRUE(is_stored(again)) << store.problem();
            EXPECT_TRUE(again.low) << "in the ballast's room: for ends alone";
            store.after_commit();
            const std::uint64_t last = commit_until_full(store, refused + 1, bytes);
            EXPECT_GT(last, refused + 10) << "it was worth something";
            const Committed asked = store.apply({});
            EXPECT_TRUE(!is_stored(asked) || asked.low) << "a small one may still fit";

            fs::remove(disk + "/others");
            const Committed room = store.apply(numbered(last, bytes));
            EXPECT_TRUE(is_stored(room)) << store.problem();
            store.after_commit();
            refused = last;
        }
        EXPECT_EQ(count_numbered(stored_in(state), bytes), refused);
    });
    if (code == no_mount) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(FullDisk, TakesBallastAgainWhenThereIsRoom) {
    const int code = on_small_disk(128, [](const std::string& disk) {
        const std::string state = disk + "/state", ballast = state + "/ballast";
        occupy(disk + "/others", 70 * mib);
        SqliteStore store = open_store(state);
        load(store);
        ASSERT_TRUE(fs::exists(ballast));
        const std::uint64_t refused = commit_until_full(store, 1, 100'000);
        EXPECT_TRUE(store.apply(numbered(refused, 100'000)).low);
        EXPECT_TRUE(store.apply({}).low);
        EXPECT_FALSE(fs::exists(ballast));
        fs::remove(disk + "/others");
        const Committed room = store.apply({});
        EXPECT_TRUE(is_stored(room));
        EXPECT_FALSE(room.low);
        EXPECT_EQ(fs::file_size(ballast), 16 * mib);
    });
    if (code == no_mount) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 0);
}

// A broker that has found its size goes on when others take the rest of the disk.
TEST(FullDisk, NeedsNoMoreRoomInASteadyState) {
    const int code = on_small_disk(64, [](const std::string& disk) {
        SqliteStore store = open_store(disk + "/state");
        load(store);
        constexpr std::uint64_t kept = 100;
        const auto commit = [&](std::uint64_t n) {
            Commit one = numbered(n, 2'000);
            if (n > kept) {
                one.forgotten_turns = {n - kept};
                one.forgotten_sessions = {"session-n" + std::to_string(n - kept)};
            }
            const bool stored = is_stored(store.apply(one));
            store.after_commit();
            return stored;
        };
        for (std::uint64_t n = 1; n <= 2'000; ++n) ASSERT_TRUE(commit(n));
        occupy(disk + "/others", fs::space(disk).available - 256 * 1024);
        for (std::uint64_t n = 2'001; n <= 4'000; ++n) ASSERT_TRUE(commit(n)) << n;
        EXPECT_TRUE(fs::exists(disk + "/state/ballast"));
    });
    if (code == no_mount) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(FullDisk, KeepsNoBallastWhereItWouldTakeMostOfTheRoom) {
    const int code = on_small_disk(40, [](const std::string& disk) {
        SqliteStore store = open_store(disk + "/state");
        load(store);
        EXPECT_FALSE(fs::exists(disk + "/state/ballast"));
        const std::uint64_t refused = commit_until_full(store, 1, 1'000'000);
        EXPECT_EQ(store.apply(numbered(refused, 1'000'000)).result, Committed::Result::full);
        const Committed small = store.apply({});
        EXPECT_TRUE(!is_stored(small) || !small.low) << "no room is kept, so none is used up";
    });
    if (code == no_mount) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(FullDisk, RefusesToMakeAJournalWithASentence) {
    const int code = on_small_disk(1, [](const std::string& disk) {
        occupy(disk + "/others", mib - 8 * 1024);
        const auto store = SqliteStore::open(disk + "/state", "broker-id");
        ASSERT_FALSE(store);
        EXPECT_THAT(store.error().message, testing::HasSubstr("cannot make " + disk));
        EXPECT_THAT(store.error().message, testing::HasSubstr("; make room, or choose another"));
        fs::remove(disk + "/others");
        EXPECT_EQ(stored_in(disk + "/state").start, 1u) << "and makes it when there is room";
    });
    if (code == no_mount) GTEST_SKIP() << "no mount namespaces here";
    EXPECT_EQ(code, 0);
}

TEST(FullDisk, IsALimitOfFileSizesToo) {
    const TemporaryDirectory directory;
    const int stored = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        SqliteStore store = open_store(directory.path());
        load(store);
        const rlimit small{2 * mib, 16 * mib}, more{16 * mib, 16 * mib};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
        const std::uint64_t refused = commit_until_full(store, 1, 20'000);
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &more), 0);
        EXPECT_TRUE(is_stored(store.apply(numbered(refused, 20'000))));
        return static_cast<int>(refused);
    });
    EXPECT_GT(stored, 10);
    EXPECT_EQ(count_numbered(stored_in(directory.path()), 20'000),
              static_cast<std::uint64_t>(stored));
}

TEST(FullDisk, HoldsBallastThatIsTrulyAllocated) {
    const TemporaryDirectory directory;
    {
        Ballast ballast(directory / "ballast");
        EXPECT_FALSE(ballast.kept());
        EXPECT_TRUE(ballast.keep());
    }
    EXPECT_TRUE(Ballast(directory / "ballast").kept()) << "it is found again";
    ::truncate((directory / "ballast").c_str(), 0);
    ::truncate((directory / "ballast").c_str(), Ballast::bytes);
    Ballast hollow(directory / "ballast");
    EXPECT_FALSE(hollow.kept()) << "a file with holes keeps no room";
    EXPECT_FALSE(fs::exists(directory / "ballast"));
    EXPECT_TRUE(hollow.keep());
    hollow.drop();
    EXPECT_FALSE(hollow.kept());
    EXPECT_FALSE(fs::exists(directory / "ballast"));
}

}  // namespace
}  // namespace emostage::broker
