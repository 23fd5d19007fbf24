#include "broker/journal/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

#include "broker/journal/row_sum.hpp"

namespace emostage::broker {
namespace {

// `sum` is the RowSum of the columns before it. Bodies are opaque. `probes` changes so that an
// empty commit writes something.
constexpr const char* tables = R"(
    CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK (id = 1), broker TEXT NOT NULL,
        start INTEGER NOT NULL, boot TEXT NOT NULL, sum INTEGER NOT NULL,
        probes INTEGER NOT NULL) STRICT;
    CREATE TABLE turns(ord INTEGER PRIMARY KEY, turn TEXT NOT NULL, session TEXT NOT NULL,
        state INTEGER NOT NULL, ended_ms INTEGER NOT NULL, head BLOB NOT NULL,
        sum INTEGER NOT NULL) STRICT;
    CREATE TABLE requests(ord INTEGER PRIMARY KEY, body BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
    CREATE TABLE events(ord INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        body BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY(ord, first)) STRICT, WITHOUT ROWID;
    CREATE TABLE sessions(session TEXT PRIMARY KEY, changed_ms INTEGER NOT NULL,
        memory BLOB NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)";

constexpr std::array<const char*, 4> suffixes{"", "-journal", "-wal", "-shm"};

std::string reason() { return std::generic_category().message(errno); }

bool is_there(const std::string& path) {
    struct stat is {};
    return ::lstat(path.c_str(), &is) == 0;
}

std::uint32_t big_endian(const unsigned char* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           std::uint32_t{at[3]};
}

Result<void> fill(const std::string& path, const std::string& new_broker) {
    sqlite3* raw = nullptr;
    int code =
        ::sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const Database database(raw);
    const auto next = [&](const std::string& sql) {
        if (code == SQLITE_OK) code = execute(raw, sql.c_str());
    };
    // Both are part of the file and can only be chosen before there is anything in it.
    next("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    next("BEGIN IMMEDIATE");
    next(tables);
    next("PRAGMA application_id = " + std::to_string(journal_application));
    next("PRAGMA user_version = " + std::to_string(schema_version));
    if (code == SQLITE_OK) {
        const JournalMeta meta{new_broker, 0, ""};
        Statement insert;
        code = insert.prepare(raw, "INSERT INTO meta VALUES (1, ?, ?, ?, ?, 0)");
        if (code == SQLITE_OK) {
            code = insert.run(std::string_view(meta.broker), meta.start,
                              std::string_view(meta.boot), meta.sum());
        }
    }
    next("COMMIT");
    next("PRAGMA wal_checkpoint(TRUNCATE)");
    if (code == SQLITE_OK) return {};
    return fail(Errc::io, "cannot make " + path + ": " + words_of(raw, code) +
                              "; make room, or choose another directory with --state");
}

}  // namespace

std::int64_t JournalMeta::sum() const { return RowSum().add(broker).add(start).add(boot).value(); }

// Under another name first: a file that bears the real one is whole.
Result<void> make_journal(const StateDirectory& directory, const std::string& new_broker) {
    const std::string path = directory.file(journal_name);
    if (is_there(path)) return {};
    if (is_there(path + "-wal")) {
        return fail(Errc::io, path + " is missing, but " + path +
                                  "-wal is there: put the missing file back, or move the directory "
                                  "away to start without its turns");
    }
    const std::string unfinished = path + ".new";
    for (const char* suffix : suffixes) ::unlink((unfinished + suffix).c_str());
    const int descriptor = ::open(unfinished.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(Errc::io, "cannot write in the directory " + directory.path() + ": " +
                                  reason() +
                                  "; let this user write there, or choose another with --state");
    }
    ::close(descriptor);
    if (auto filled = fill(unfinished, new_broker); !filled) return filled;
    if (::rename(unfinished.c_str(), path.c_str()) != 0) {
        return fail(Errc::io, "cannot make " + path + ": " + reason());
    }
    return directory.sync();
}

Result<void> check_journal_head(const std::string& path) {
    // https://sqlite.org/fileformat2.html#the_database_header
    constexpr std::string_view magic("SQLite format 3\0", 16);
    constexpr std::size_t version_at = 60, application_at = 68;
    std::array<unsigned char, 100> head{};
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return tl::unexpected(unusable(path, reason()));
    struct stat is {};
    const bool file = ::fstat(descriptor, &is) == 0 && S_ISREG(is.st_mode);
    const ssize_t size = file ? ::pread(descriptor, head.data(), head.size(), 0) : 0;
    const std::string why = size < 0 ? reason() : "";
    ::close(descriptor);
    if (size < 0) return tl::unexpected(unusable(path, why));
    const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
    if (file && size < static_cast<ssize_t>(head.size())) {
        return tl::unexpected(damaged(path, "it was cut short"));
    }
    if (!file || !bytes.starts_with(magic) ||
        big_endian(head.data() + application_at) != journal_application) {
        return fail(Errc::io, path +
                                  " is not a broker's journal: choose another directory with "
                                  "--state, or put a copy of the journal back");
    }
    const std::int64_t version = big_endian(head.data() + version_at);
    if (version > schema_version) return tl::unexpected(newer(path, version));
    return {};
}

std::optional<JournalMeta> read_journal_meta(sqlite3* database, int& code) {
    Statement read;
    code = read.prepare(database, "SELECT broker, start, boot, sum FROM meta");
    if (code != SQLITE_OK) return std::nullopt;
    read.start();
    code = read.step();
    if (code != SQLITE_ROW) return std::nullopt;
    code = SQLITE_OK;
    JournalMeta meta{read.bytes(0), read.integer(1), read.bytes(2)};
    if (meta.sum() != read.integer(3)) code = SQLITE_CORRUPT;
    return code == SQLITE_OK ? std::optional(std::move(meta)) : std::nullopt;
}

Error damaged(const std::string& path, const std::string& what) {
    return {Errc::io, path + " is damaged (" + what +
                          "): put a copy of its directory back, or move the directory away to "
                          "start without its turns"};
}

Error newer(const std::string& path, std::int64_t version) {
    return {Errc::io, path + " has schema version " + std::to_string(version) +
                          ", and this broker knows " + std::to_string(schema_version) +
                          ": start the newer broker that wrote it, or choose another directory "
                          "with --state"};
}

Error unusable(const std::string& path, const std::string& what) {
    return {Errc::io, "cannot use " + path + ": " + what +
                          "; let this user read and write it, or choose another directory with "
                          "--state"};
}

}  // namespace emostage::broker
