#include "broker/journal/inspect.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "broker/journal/journal_file.hpp"
#include "broker/journal/sqlite.hpp"
#include "broker/journal/state_directory.hpp"

namespace emostage::broker {
namespace {

constexpr int attempts_max = 3;              // a broker may start or stop while it is looked at
constexpr int steps_between_looks = 10'000;  // of SQLite's machine, at the clock

struct Files {
    std::string path;
    bool in_use = false;
    bool log = false;  // at rest, with a write-ahead log that has something in it

    bool operator==(const Files&) const = default;
};

struct Found {
    JournalMeta meta;
    std::int64_t version = 0;
    std::int64_t queued = 0, running = 0, ended = 0, requests = 0, events = 0, event_rows = 0,
                 sessions = 0, oldest_end_ms = 0, oldest_session_ms = 0, free_bytes = 0;
    std::vector<std::pair<std::string, std::int64_t>> bytes_by_table;
};

std::int64_t size_of(const std::string& path) {
    struct stat is {};
    return ::stat(path.c_str(), &is) == 0 ? static_cast<std::int64_t>(is.st_size) : 0;
}

Files look(const std::string& directory) {
    const std::string path = directory + "/" + journal_name;
    const bool in_use = StateDirectory::held(directory);
    return {path, in_use, !in_use && size_of(path + "-wal") > 0};
}

std::string as_uri(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' || c == '_';
        uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return uri;
}

// A connection that leaves no trace:
// - of a broker that runs, with its shared memory, which is there and is not written;
// - at rest with a log, without locks and with an index of the log in memory of its own;
// - at rest without a log, as a file that nobody changes.
int open(const Files& files, Database& into) {
    const std::string uri = as_uri(files.path) + "?mode=ro" +
                            (files.in_use ? "&readonly_shm=1"
                             : files.log  ? ""
                                          : "&immutable=1");
    const char* vfs = files.log ? "unix-none" : nullptr;
    sqlite3* raw = nullptr;
    const int code = ::sqlite3_open_v2(
        uri.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, vfs);
    into.reset(raw);
    if (code != SQLITE_OK) return code;
    ::sqlite3_extended_result_codes(raw, 1);
    ::sqlite3_busy_timeout(raw, 1'000);
    ::sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return vfs == nullptr ? SQLITE_OK : execute(raw, "PRAGMA locking_mode = EXCLUSIVE");
}

int read_sizes(sqlite3* database, Found& found) {
    Statement pages;
    // A SQLite that was built without this table counts no pages.
    if (pages.prepare(database,
                      "SELECT name, pgsize FROM dbstat WHERE aggregate = 1 AND name NOT IN "
                      "('meta', 'sqlite_schema') ORDER BY name") != SQLITE_OK) {
        return SQLITE_OK;
    }
    int code = SQLITE_OK;
    while ((code = pages.step()) == SQLITE_ROW) {
        found.bytes_by_table.emplace_back(pages.bytes(0), pages.integer(1));
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int read(sqlite3* database, Found& found) {
    int code = execute(database, "BEGIN");
    auto meta = code == SQLITE_OK ? read_journal_meta(database, code) : std::nullopt;
    if (!meta) return code;
    found.meta = std::move(*meta);
    std::int64_t page_bytes = 0, free_pages = 0;
    const std::pair<const char*, std::int64_t*> numbers[] = {
        {"SELECT count(*) FROM turns WHERE state = 0", &found.queued},
        {"SELECT count(*) FROM turns WHERE state = 1", &found.running},
        {"SELECT count(*) FROM turns WHERE state = 2", &found.ended},
        {"SELECT ifnull(min(ended_ms), 0) FROM turns WHERE state = 2", &found.oldest_end_ms},
        {"SELECT count(*) FROM requests", &found.requests},
        {"SELECT ifnull(sum(last - first + 1), 0) FROM events", &found.events},
        {"SELECT count(*) FROM events", &found.event_rows},
        {"SELECT count(*) FROM sessions", &found.sessions},
        {"SELECT ifnull(min(changed_ms), 0) FROM sessions", &found.oldest_session_ms},
        {"PRAGMA user_version", &found.version},
        {"PRAGMA page_size", &page_bytes},
        {"PRAGMA freelist_count", &free_pages},
    };
    for (const auto& [sql, into] : numbers) {
        if (code == SQLITE_OK) code = read_integer(database, sql, *into);
    }
    found.free_bytes = free_pages * page_bytes;
    return code == SQLITE_OK ? read_sizes(database, found) : code;
}

std::string time_of(std::int64_t at_ms, std::int64_t now_ms) {
    if (at_ms == 0) return "none";
    const std::time_t seconds = at_ms / 1'000;
    std::tm parts{};
    std::array<char, 32> text{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return fmt::format("{}, {} s ago", text.data(), (now_ms - at_ms) / 1'000);
}

std::string shown(const std::string& directory, const Files& files, const Found& found,
                  std::int64_t now_ms) {
    std::string text;
    const auto line = [&](std::string_view name, const auto& value) {
        fmt::format_to(std::back_inserter(text), "{:<24}{}\n", name, value);
    };
    const auto count = [&](std::string_view name, std::int64_t value) {
        fmt::format_to(std::back_inserter(text), "{:<24}{:>14}\n", name, value);
    };
    line("journal", files.path);
    line("in use", files.in_use ? "by a broker that runs" : "by none");
    line("schema version", found.version);
    line("broker", found.meta.broker);
    line("starts", found.meta.start);
    line("oldest end", time_of(found.oldest_end_ms, now_ms));
    line("oldest session", time_of(found.oldest_session_ms, now_ms));
    count("turns queued", found.queued);
    count("turns running", found.running);
    count("turns ended", found.ended);
    count("requests kept", found.requests);
    count("events", found.events);
    count("events, rows", found.event_rows);
    count("sessions", found.sessions);
    count("bytes of the file", size_of(files.path));
    count("bytes of its log", size_of(files.path + "-wal"));
    count("bytes of the ballast", size_of(directory + "/ballast"));
    count("bytes free in the file", found.free_bytes);
    for (const auto& [table, bytes] : found.bytes_by_table) count("bytes of " + table, bytes);
    return text;
}

// SQLITE_OK, or why it could not be read.
int look_inside(const Files& files, Found& found, std::string& words) {
    Database database;
    int code = open(files, database);
    auto until = std::chrono::steady_clock::now() + inspection_max;
    if (code == SQLITE_OK) {
        ::sqlite3_progress_handler(
            database.get(), steps_between_looks,
            [](void* end) {
                const auto& until = *static_cast<std::chrono::steady_clock::time_point*>(end);
                return std::chrono::steady_clock::now() > until ? 1 : 0;
            },
            &until);
        code = read(database.get(), found);
    }
    words = words_of(database.get(), code);
    return code;
}

}  // namespace

Result<std::string> inspect_journal(const std::string& given, std::int64_t unix_ms) {
    std::error_code failed;
    const std::string directory = std::filesystem::absolute(given, failed).lexically_normal();
    if (failed) return fail(Errc::io, "cannot read " + given + ": " + failed.message());
    std::string words;
    int code = SQLITE_OK;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const Files files = look(directory);
        if (auto head = check_journal_head(files.path); !head) {
            return tl::unexpected(head.error());
        }
        Found found;
        code = look_inside(files, found, words);
        // What was read while a broker started or stopped may be of two times.
        const bool undisturbed = look(directory) == files;
        if (found.version > schema_version) return tl::unexpected(newer(files.path, found.version));
        if (code == SQLITE_OK && undisturbed) return shown(directory, files, found, unix_ms);
        if (code != SQLITE_OK && undisturbed) break;
    }
    const std::string path = directory + "/" + journal_name;
    if (code == SQLITE_INTERRUPT) {
        return fail(Errc::io, fmt::format("{} could not be read within {} s: inspect a copy of {}",
                                          path, inspection_max.count(), directory));
    }
    if (code == SQLITE_OK) {
        return fail(Errc::io, "a broker starts and stops in " + directory + ": try again");
    }
    return tl::unexpected(is_damage(code) ? damaged(path, words) : unusable(path, words));
}

}  // namespace emostage::broker
