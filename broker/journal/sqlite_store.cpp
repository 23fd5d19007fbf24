#include "broker/journal/sqlite_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <string_view>
#include <tuple>
#include <utility>

#include "broker/journal/ballast.hpp"
#include "broker/journal/journal_file.hpp"
#include "broker/journal/row_sum.hpp"
#include "broker/journal/sqlite.hpp"
#include "broker/journal/state_directory.hpp"

namespace emostage::broker {
namespace {

std::int64_t number(std::uint64_t value) {
    assert(value <= INT64_MAX);
    return static_cast<std::int64_t>(value);
}

std::uint64_t whole(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::int64_t sum_of(const TurnRow& row) {
    return RowSum()
        .add(number(row.order))
        .add(row.turn)
        .add(row.session)
        .add(static_cast<std::int64_t>(row.state))
        .add(row.ended_ms)
        .add(row.head)
        .value();
}

std::int64_t sum_of(std::uint64_t order, const std::string& request) {
    return RowSum().add(number(order)).add(request).value();
}

std::int64_t sum_of(const EventsRow& row) {
    return RowSum()
        .add(number(row.order))
        .add(number(row.first))
        .add(number(row.last))
        .add(row.events)
        .value();
}

std::int64_t sum_of(const SessionRow& row) {
    return RowSum().add(row.session).add(row.changed_ms).add(row.memory).value();
}

// Changes with each start of the machine; empty where the system does not say.
std::string boot_id() {
    std::string id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
    return id;
}

bool has_bytes(const std::string& path) {
    struct stat is {};
    return ::stat(path.c_str(), &is) == 0 && is.st_size > 0;
}

const std::string settings =
    "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
    "PRAGMA journal_size_limit = " +
    std::to_string(SqliteStore::log_bytes_kept) +
    ";"
    "PRAGMA cache_size = -" +
    std::to_string(SqliteStore::cache_kib);

const std::string free_some =
    "PRAGMA incremental_vacuum(" + std::to_string(SqliteStore::freed_pages_per_rest) + ")";

}  // namespace

struct SqliteStore::Impl {
    Impl(StateDirectory held)
        : directory(std::move(held)),
          path(directory.file(journal_name)),
          ballast(directory.file("ballast")) {}

    StateDirectory directory;  // unlocked last
    std::string path;
    Ballast ballast;
    bool low = false;  // the ballast is overboard
    Database database;
    int log_pages = 0;
    bool log_is_full = false;  // what is in it must go to the file, to be written over
    std::string problem;

    Statement begin, commit, rollback, count_start, probe;
    Statement put_turn, put_request, drop_turn, drop_request, drop_events, add_events, put_session,
        drop_session;

    Result<void> open_database();
    Result<void> check_all(bool went_down);
    int prepare();
    Error refusal(int code) const;

    int write(const Commit& commit);
    int write(const TurnRow& row);
    Committed not_stored(int code);
    void roll_back();

    Result<Stored> read_all();
    int read_turns(std::vector<TurnRow>& into);
    int read_events(std::vector<EventsRow>& into);
    int read_sessions(std::vector<SessionRow>& into);
};

// --- opening ------------------------------------------------------------------------------------

Error SqliteStore::Impl::refusal(int code) const {
    const std::string what = words_of(database.get(), code);
    return is_damage(code) ? damaged(path, what) : unusable(path, what);
}

Result<void> SqliteStore::Impl::open_database() {
    const bool cut_off = has_bytes(path + "-wal");  // a clean end leaves none
    sqlite3* raw = nullptr;
    int code =
        ::sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database.reset(raw);
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    ::sqlite3_extended_result_codes(raw, 1);
    ::sqlite3_busy_timeout(raw, static_cast<int>(wait_max.count()));
    ::sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, row_bytes_max);
    ::sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    code = execute(raw, settings.c_str());
    std::int64_t version = 0;
    if (code == SQLITE_OK) code = read_integer(raw, "PRAGMA user_version", version);
    if (code == SQLITE_OK && ::sqlite3_db_readonly(raw, "main") != 0) code = SQLITE_READONLY;
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    // Once more: the file's head does not say what is in the log.
    if (version > schema_version) return tl::unexpected(newer(path, version));
    std::string mode;
    code = read_text(raw, "PRAGMA journal_mode = WAL", mode);
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    if (mode != "wal") return tl::unexpected(damaged(path, "it has no write-ahead log"));
    if (auto fine = check_all(cut_off); !fine) return fine;
    code = prepare();
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    ::sqlite3_wal_hook(
        raw,
        [](void* pages, sqlite3*, const char*, int now) {
            *static_cast<int*>(pages) = now;
            return SQLITE_OK;
        },
        &log_pages);
    return {};
}

Result<void> SqliteStore::Impl::check_all(bool cut_off) {
    int code = SQLITE_OK;
    const auto meta = read_journal_meta(database.get(), code);
    if (!meta) return tl::unexpected(refusal(code));
    const std::string boot = boot_id();
    if (!cut_off || (!boot.empty() && meta->boot == boot)) return {};
    std::string finding;
    code = read_text(database.get(), "PRAGMA quick_check(1)", finding);
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    if (finding != "ok") return tl::unexpected(damaged(path, "its pages contradict each other"));
    return {};
}

int SqliteStore::Impl::prepare() {
    const std::pair<Statement*, const char*> all[] = {
        {&begin, "BEGIN IMMEDIATE"},
        {&commit, "COMMIT"},
        {&rollback, "ROLLBACK"},
        {&count_start, "UPDATE meta SET start = ?, boot = ?, sum = ?"},
        {&probe, "UPDATE meta SET probes = probes + 1"},
        {&put_turn,
         "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(ord) DO UPDATE SET "
         "turn = excluded.turn, session = excluded.session, state = excluded.state, "
         "ended_ms = excluded.ended_ms, head = excluded.head, sum = excluded.sum"},
        {&put_request,
         "INSERT INTO requests VALUES (?, ?, ?) ON CONFLICT(ord) DO UPDATE SET "
         "body = excluded.body, sum = excluded.sum"},
        {&drop_turn, "DELETE FROM turns WHERE ord = ?"},
        {&drop_request, "DELETE FROM requests WHERE ord = ?"},
        {&drop_events, "DELETE FROM events WHERE ord = ?"},
        {&add_events, "INSERT INTO events VALUES (?, ?, ?, ?, ?)"},
        {&put_session,
         "INSERT INTO sessions VALUES (?, ?, ?, ?) ON CONFLICT(session) DO UPDATE SET "
         "changed_ms = excluded.changed_ms, memory = excluded.memory, sum = excluded.sum"},
        {&drop_session, "DELETE FROM sessions WHERE session = ?"},
    };
    for (const auto& [statement, sql] : all) {
        if (const int code = statement->prepare(database.get(), sql); code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

// --- commits ------------------------------------------------------------------------------------

int SqliteStore::Impl::write(const TurnRow& row) {
    const std::int64_t order = number(row.order);
    int code = put_turn.run(order, std::string_view(row.turn), std::string_view(row.session),
                            static_cast<std::int64_t>(row.state), row.ended_ms, Blob{row.head},
                            sum_of(row));
    if (code != SQLITE_OK || !row.request) return code;
    if (row.request->empty()) return drop_request.run(order);
    return put_request.run(order, Blob{*row.request}, sum_of(row.order, *row.request));
}

int SqliteStore::Impl::write(const Commit& what) {
    if (what.empty()) return probe.run();
    for (const TurnRow& row : what.turns) {
        if (const int code = write(row); code != SQLITE_OK) return code;
    }
    for (const EventsRow& row : what.events) {
        const int code = add_events.run(number(row.order), number(row.first), number(row.last),
                                        Blob{row.events}, sum_of(row));
        if (code != SQLITE_OK) return code;
    }
    for (const SessionRow& row : what.sessions) {
        const int code = put_session.run(std::string_view(row.session), row.changed_ms,
                                         Blob{row.memory}, sum_of(row));
        if (code != SQLITE_OK) return code;
    }
    for (const std::uint64_t order : what.forgotten_turns) {
        for (Statement* drop : {&drop_turn, &drop_request, &drop_events}) {
            if (const int code = drop->run(number(order)); code != SQLITE_OK) return code;
        }
    }
    for (const std::string& session : what.forgotten_sessions) {
        const int code = drop_session.run(std::string_view(session));
        if (code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
}

Committed SqliteStore::Impl::not_stored(int code) {
    problem = words_of(database.get(), code);
    const bool full = is_full(database.get(), code);
    roll_back();
    if (!full) return {Committed::Result::failed};
    low = low || ballast.kept();
    ballast.drop();
    log_is_full = true;
    return {Committed::Result::full};
}

// Some errors have rolled back already.
void SqliteStore::Impl::roll_back() {
    if (::sqlite3_get_autocommit(database.get()) == 0) rollback.run();
}

// --- reading ------------------------------------------------------------------------------------

int SqliteStore::Impl::read_turns(std::vector<TurnRow>& into) {
    Statement rows;
    int code = rows.prepare(
        database.get(),
        "SELECT t.ord, t.turn, t.session, t.state, t.ended_ms, t.head, t.sum, r.ord IS NOT NULL, "
        "r.body, r.sum FROM turns t LEFT JOIN requests r ON r.ord = t.ord ORDER BY t.ord");
    if (code != SQLITE_OK) return code;
    while ((code = rows.step()) == SQLITE_ROW) {
        const std::int64_t state = rows.integer(3);
        if (rows.integer(0) < 0 || state < 0 ||
            state > static_cast<std::int64_t>(TurnState::ended)) {
            return SQLITE_CORRUPT;
        }
        TurnRow row{
            whole(rows.integer(0)), rows.bytes(1), rows.bytes(2), static_cast<TurnState>(state),
            rows.integer(4),        rows.bytes(5), std::nullopt};
        if (sum_of(row) != rows.integer(6)) return SQLITE_CORRUPT;
        if (rows.integer(7) != 0) {
            row.request = rows.bytes(8);
            if (sum_of(row.order, *row.request) != rows.integer(9)) return SQLITE_CORRUPT;
        }
        into.push_back(std::move(row));
    }
    return code;
}

int SqliteStore::Impl::read_events(std::vector<EventsRow>& into) {
    Statement rows;
    int code = rows.prepare(database.get(),
                            "SELECT ord, first, last, body, sum FROM events ORDER BY ord, first");
    if (code != SQLITE_OK) return code;
    while ((code = rows.step()) == SQLITE_ROW) {
        if (rows.integer(0) < 0 || rows.integer(1) < 0 || rows.integer(2) < 0) {
            return SQLITE_CORRUPT;
        }
        EventsRow row{whole(rows.integer(0)), whole(rows.integer(1)), whole(rows.integer(2)),
                      rows.bytes(3)};
        if (sum_of(row) != rows.integer(4)) return SQLITE_CORRUPT;
        into.push_back(std::move(row));
    }
    return code;
}

int SqliteStore::Impl::read_sessions(std::vector<SessionRow>& into) {
    Statement rows;
    int code =
        rows.prepare(database.get(), "SELECT session, changed_ms, memory, sum FROM sessions");
    if (code != SQLITE_OK) return code;
    while ((code = rows.step()) == SQLITE_ROW) {
        SessionRow row{rows.bytes(0), rows.integer(1), rows.bytes(2)};
        if (sum_of(row) != rows.integer(3)) return SQLITE_CORRUPT;
        into.push_back(std::move(row));
    }
    return code;
}

Result<Stored> SqliteStore::Impl::read_all() {
    Stored stored;
    int code = SQLITE_OK;
    auto meta = read_journal_meta(database.get(), code);
    if (!meta) return tl::unexpected(refusal(code));
    ++meta->start;
    meta->boot = boot_id();
    code = count_start.run(meta->start, std::string_view(meta->boot), meta->sum());
    if (code != SQLITE_OK) return tl::unexpected(refusal(code));
    stored.broker = std::move(meta->broker);
    stored.start = whole(meta->start);
    code = read_turns(stored.turns);
    if (code == SQLITE_DONE) code = read_events(stored.events);
    if (code == SQLITE_DONE) code = read_sessions(stored.sessions);
    if (code != SQLITE_DONE) return tl::unexpected(refusal(code));
    // Here, not in SQLite, which would sort copies of the memories.
    std::sort(stored.sessions.begin(), stored.sessions.end(), [](const auto& a, const auto& b) {
        return std::tie(a.changed_ms, a.session) < std::tie(b.changed_ms, b.session);
    });
    return stored;
}

// --- the store ----------------------------------------------------------------------------------

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;
SqliteStore::SqliteStore(SqliteStore&& other) noexcept = default;
SqliteStore& SqliteStore::operator=(SqliteStore&& other) noexcept = default;

Result<SqliteStore> SqliteStore::open(const std::string& directory, const std::string& new_broker) {
    auto held = StateDirectory::open(directory);
    if (!held) return tl::unexpected(held.error());
    auto made = make_journal(*held, new_broker);
    if (made) made = check_journal_head(held->file(journal_name));
    if (!made) return tl::unexpected(made.error());
    auto impl = std::make_unique<Impl>(std::move(*held));
    if (auto opened = impl->open_database(); !opened) return tl::unexpected(opened.error());
    impl->ballast.keep();
    return SqliteStore(std::move(impl));
}

Result<Stored> SqliteStore::load() {
    int code = impl_->begin.run();
    if (code != SQLITE_OK) return tl::unexpected(impl_->refusal(code));
    auto stored = impl_->read_all();
    if (stored) {
        code = impl_->commit.run();
        if (code != SQLITE_OK) stored = tl::unexpected(impl_->refusal(code));
    }
    if (!stored) impl_->roll_back();
    return stored;
}

Committed SqliteStore::apply(const Commit& commit, const std::function<void()>& before_commit) {
    int code = impl_->begin.run();
    if (code == SQLITE_OK) code = impl_->write(commit);
    if (code == SQLITE_OK && before_commit) before_commit();
    if (code == SQLITE_OK) code = impl_->commit.run();
    if (code != SQLITE_OK) return impl_->not_stored(code);
    if (impl_->low) impl_->low = !impl_->ballast.keep();
    return {Committed::Result::stored, impl_->low};
}

const std::string& SqliteStore::problem() const { return impl_->problem; }

// What cannot be moved now, for want of room or because somebody reads, is moved later.
void SqliteStore::after_commit() {
    if (impl_->log_pages < log_pages_max && !impl_->log_is_full) return;
    impl_->log_is_full = false;
    int pages = 0, moved = 0;
    const int code = ::sqlite3_wal_checkpoint_v2(impl_->database.get(), nullptr,
                                                 SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
    if (code == SQLITE_OK && moved == pages) impl_->log_pages = 0;
}

bool SqliteStore::rest() {
    std::int64_t free_pages = 0;
    sqlite3* database = impl_->database.get();
    const int code = read_integer(database, "PRAGMA freelist_count", free_pages);
    if (code == SQLITE_OK && free_pages > free_pages_kept &&
        execute(database, free_some.c_str()) == SQLITE_OK) {
        after_commit();
        return true;
    }
    const int cut = ::sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                                nullptr, nullptr);
    if (cut == SQLITE_OK) impl_->log_pages = 0;
    return false;
}

}  // namespace emostage::broker
