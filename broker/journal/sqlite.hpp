// SQLite's connection and prepared statements, owned; no SQLite type is seen outside of this
// folder.
//
// SQLite reports by codes: SQLITE_OK, _ROW, _DONE or an extended error code, as
// https://sqlite.org/rescode.html lists them. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace emostage::broker {

struct CloseDatabase {
    void operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct Blob {  // bytes, where a string_view is text
    std::string_view bytes;
};

// Prepared once, run often. What is bound is not copied: it outlives the run.
class Statement {
public:
    Statement() = default;

    // Into this one, which is empty so far.
    int prepare(sqlite3* database, const char* sql);

    // Runs to the end. SQLITE_OK or an error code.
    template <class... Values>
    int run(const Values&... values) {
        start(values...);
        return finish();
    }

    // For reading: start, step while SQLITE_ROW, then reset.
    template <class... Values>
    void start(const Values&... values) {
        reset();
        int place = 0;
        (bind(++place, values), ...);
    }
    int step() { return ::sqlite3_step(statement_.get()); }
    void reset();

    std::int64_t integer(int column) const;
    std::string bytes(int column) const;  // of a text or a blob

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
    };
    int finish();
    void bind(int place, std::int64_t number);
    void bind(int place, std::string_view text);
    void bind(int place, Blob blob);

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

int execute(sqlite3* database, const char* sql);

// The first column of the first row of a query. SQLITE_OK, or why there is none.
int read_integer(sqlite3* database, const char* sql, std::int64_t& into);
int read_text(sqlite3* database, const char* sql, std::string& into);

// For a person, without any content: "disk I/O error (Input/output error)".
std::string words_of(sqlite3* database, int code);

// No room: on the disk, in a quota, or for a file.
bool is_full(sqlite3* database, int code);

// The file is not what a journal is: not what a later try would mend.
bool is_damage(int code);

}  // namespace emostage::broker
