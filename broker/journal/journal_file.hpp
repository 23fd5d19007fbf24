// DIR/journal.db: how it is made, known again and refused. The tables are in journal_file.cpp.
//
// SQLite's own header says whose file it is (application_id) and by which schema (user_version),
// and is looked at before SQLite itself opens the file: that would already change another's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "broker/journal/sqlite.hpp"
#include "broker/journal/state_directory.hpp"
#include "core/result.hpp"

namespace emostage::broker {

inline constexpr const char* journal_name = "journal.db";
inline constexpr std::int64_t journal_application = 0x456d6f53;  // "EmoS"
inline constexpr std::int64_t schema_version = 1;

// The row of the table `meta`.
struct JournalMeta {
    std::string broker;
    std::int64_t start = 0;  // brokers that have opened the file
    std::string boot;        // of the machine, when the last of them did

    std::int64_t sum() const;
};

// Makes the file where it is not there: all of it or nothing, whenever the machine stops.
Result<void> make_journal(const StateDirectory& directory, const std::string& new_broker);

// Refuses what is no journal, is damaged at its head or is of a newer schema.
Result<void> check_journal_head(const std::string& path);

// Nothing where the row is not there or not what was written; `code` is SQLite's.
std::optional<JournalMeta> read_journal_meta(sqlite3* database, int& code);

// Sentences, each with what to do.
Error damaged(const std::string& path, const std::string& what);
Error newer(const std::string& path, std::int64_t version);
Error unusable(const std::string& path, const std::string& what);

}  // namespace emostage::broker
