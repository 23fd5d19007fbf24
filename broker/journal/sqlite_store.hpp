// The broker's state on disk: one SQLite file, DIR/journal.db, and one broker that holds it.
//
// A Commit is one transaction: in the write-ahead log and synced (synchronous=FULL) when apply()
// returns `stored`, so that it survives a loss of power; none of it otherwise. Of a commit that
// names a row twice, puts go before what is forgotten.
//
// What is forgotten is overwritten in the file (secure_delete=ON; FAST would leave long texts in
// freed pages); copies of its pages stay in the write-ahead log until that is written over or, at
// rest, cut. That is no protection from who can read the disk itself.
//
// One thread at a time; calls block for as long as the disk takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "broker/journal.hpp"
#include "core/result.hpp"

namespace emostage::broker {

class SqliteStore {
public:
    static constexpr int log_pages_max = 1'000;  // 4 KiB each; then they go to the file itself
    // A log that one large commit made longer is cut to this.
    static constexpr std::int64_t log_bytes_kept = 8 * 1024 * 1024;
    static constexpr std::int64_t free_pages_kept =
        256;  // for what comes next; more are given back
    static constexpr int freed_pages_per_rest = 256;
    static constexpr int row_bytes_max = 64 * 1024 * 1024;
    static constexpr int cache_kib = 16 * 1024;
    static constexpr std::chrono::milliseconds wait_max{1'000};  // for another program's lock

    // Makes the directory and the file where they are not there; a file that is made gets
    // `new_broker` for its id. Errc::io, with what to do: no rights, another broker is at it,
    // another program's file, a newer schema, damage.
    //
    // Checks the whole file only where the machine itself went down on it: a killed process leaves
    // SQLite's files sound.
    static Result<SqliteStore> open(const std::string& directory, const std::string& new_broker);
    ~SqliteStore();
    SqliteStore(SqliteStore&& other) noexcept;
    SqliteStore& operator=(SqliteStore&& other) noexcept;

    // Counts this start, durably, and reads all rows. Once, before all else. Errc::io: damage.
    Result<Stored> load();

    // `before_commit` is called when all is written and nothing is committed. An empty commit asks
    // whether there is room: it writes as others do.
    Committed apply(const Commit& commit, const std::function<void()>& before_commit = {});

    // Why the last commit was not stored: words for a person, nothing of the commit.
    const std::string& problem() const;

    // After the commit's answer was given: moves the log into the file when it is long.
    void after_commit();

    // When nothing is to be done: one bounded step of giving space back, and at last the log is
    // cut. False: there is no more to do until the next commit.
    bool rest();

private:
    struct Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::broker
