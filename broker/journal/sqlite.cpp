#include "broker/journal/sqlite.hpp"

#include <cerrno>
#include <system_error>

namespace emostage::broker {
namespace {

int primary(int code) { return code & 0xff; }

// The system's errno behind a code; 0: none. sqlite3_system_errno() alone is not set where a COMMIT
// fails to write: there the files know.
int reason_of(sqlite3* database, int code) {
    if (database == nullptr) return 0;
    if (primary(code) == SQLITE_CANTOPEN) return ::sqlite3_system_errno(database);
    if (primary(code) != SQLITE_IOERR) return 0;
    for (const int which : {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}) {
        sqlite3_file* file = nullptr;
        int reason = 0;
        ::sqlite3_file_control(database, "main", which, &file);
        if (file == nullptr || file->pMethods == nullptr) continue;
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &reason);
        if (reason != 0) return reason;
    }
    return ::sqlite3_system_errno(database);
}

}  // namespace

int Statement::prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        ::sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    return code;
}

void Statement::reset() {
    ::sqlite3_reset(statement_.get());
    ::sqlite3_clear_bindings(statement_.get());
}

int Statement::finish() {
    int code = step();
    while (code == SQLITE_ROW) code = step();
    reset();
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

void Statement::bind(int place, std::int64_t number) {
    ::sqlite3_bind_int64(statement_.get(), place, number);
}

// An empty view may point to nothing, which SQLite would take for NULL.
void Statement::bind(int place, std::string_view text) {
    ::sqlite3_bind_text64(statement_.get(), place, text.empty() ? "" : text.data(), text.size(),
                          SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(int place, Blob blob) {
    ::sqlite3_bind_blob64(statement_.get(), place, blob.bytes.empty() ? "" : blob.bytes.data(),
                          blob.bytes.size(), SQLITE_STATIC);
}

std::int64_t Statement::integer(int column) const {
    return ::sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::bytes(int column) const {
    const void* data = ::sqlite3_column_blob(statement_.get(), column);
    const int size = ::sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr
               ? std::string()
               : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

int execute(sqlite3* database, const char* sql) {
    return ::sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
}

int read_integer(sqlite3* database, const char* sql, std::int64_t& into) {
    Statement statement;
    int code = statement.prepare(database, sql);
    if (code == SQLITE_OK) code = statement.step();
    if (code == SQLITE_ROW) into = statement.integer(0);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

int read_text(sqlite3* database, const char* sql, std::string& into) {
    Statement statement;
    int code = statement.prepare(database, sql);
    if (code == SQLITE_OK) code = statement.step();
    if (code == SQLITE_ROW) into = statement.bytes(0);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

std::string words_of(sqlite3* database, int code) {
    std::string words = ::sqlite3_errstr(code);
    if (const int reason = reason_of(database, code); reason != 0) {
        words += " (" + std::generic_category().message(reason) + ")";
    }
    return words;
}

bool is_full(sqlite3* database, int code) {
    if (primary(code) == SQLITE_FULL) return true;
    const int reason = reason_of(database, code);
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

// SQLITE_ERROR: a table or column that the statements name is not there. SQLITE_DONE: a row is not.
bool is_damage(int code) {
    return primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB ||
           primary(code) == SQLITE_ERROR || code == SQLITE_DONE || code == SQLITE_IOERR_SHORT_READ;
}

}  // namespace emostage::broker
