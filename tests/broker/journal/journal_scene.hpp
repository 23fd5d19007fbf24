// Directories, commits and processes for the tests of the store. Real files, real kills.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>

#include "broker/journal.hpp"
#include "broker/journal/sqlite_store.hpp"

namespace emostage::broker::test {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = testing::TempDir() + "journal_XXXXXX";
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::map<std::string, std::string> all_files(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string name = entry.path().filename();
        if (name != "ballast") files[name] = read_file(entry.path());
    }
    return files;
}

inline void copy_files(const std::string& from, const std::string& to) {
    std::filesystem::create_directory(to);
    for (const auto& [name, bytes] : all_files(from)) write_file(to + "/" + name, bytes);
}

// A commit with something in each of its parts, all of it known by `n`: so a half of one shows.
inline Commit numbered(std::uint64_t n, std::size_t bytes = 300) {
    const std::string mark = "n" + std::to_string(n);
    Commit commit;
    commit.turns.push_back({n, "turn-" + mark, "session-" + mark, TurnState::queued, 0,
                            "head " + mark, mark + std::string(bytes, 'r')});
    commit.events.push_back({n, 1, 3, mark + std::string(bytes, 'e')});
    commit.sessions.push_back(
        {"session-" + mark, static_cast<std::int64_t>(n), mark + std::string(bytes, 'm')});
    return commit;
}

// How many numbered commits, from 1 on, are there; anything else fails.
inline std::uint64_t count_numbered(const Stored& stored, std::size_t bytes = 300) {
    const std::uint64_t count = stored.turns.size();
    EXPECT_EQ(stored.events.size(), count);
    EXPECT_EQ(stored.sessions.size(), count);
    for (std::uint64_t n = 1; n <= count; ++n) {
        const Commit whole = numbered(n, bytes);
        EXPECT_EQ(stored.turns[n - 1], whole.turns[0]);
        EXPECT_EQ(stored.events[n - 1], whole.events[0]);
        EXPECT_EQ(stored.sessions[n - 1], whole.sessions[0]);
    }
    return count;
}

inline SqliteStore open_store(const std::string& directory) {
    auto store = SqliteStore::open(directory, "broker-id");
    if (!store) throw std::runtime_error(store.error().message);
    return std::move(*store);
}

inline Stored load(SqliteStore& store) {
    auto stored = store.load();
    if (!stored) throw std::runtime_error(stored.error().message);
    return std::move(*stored);
}

inline Stored stored_in(const std::string& directory) {
    SqliteStore store = open_store(directory);
    return load(store);
}

inline bool is_stored(const Committed& committed) {
    return committed.result == Committed::Result::stored;
}

// Runs `act` in a process of its own. Its exit code: that of `act`, 1 where an expectation failed
// or something was thrown, 128 + n where signal n ended it.
inline int in_child(const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
        int code = 1;
        try {
            code = act();
            if (testing::Test::HasFailure()) code = 1;
        } catch (const std::exception& error) {
            ::fputs((std::string(error.what()) + "\n").c_str(), stderr);
            code = 1;
        }
        ::fflush(stdout);
        ::_exit(code);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace emostage::broker::test
