// What one measurement came to: a line of JSON, a row of a table, a point of a plot.
//
// The names in fields() are those of the JSON. Numbers that were not measured are NaN, in JSON
// null.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace emostage::load {

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

struct Row {
    // What was done
    std::string label;   // rows of one label belong together
    std::string mode;    // closed, open or idle
    std::string rhythm;  // open: poisson or people
    std::string state;   // journal or memory; unknown
    std::string codes;   // of those that failed or were rejected: "overloaded 12, model_cut 1"
    std::string command;
    std::string commit;
    double load = 0;  // turns in flight, or per second
    double seconds = 0;
    double first_token_ms = 0, between_tokens_ms = 0, reply_tokens = 0;
    double ideal_ms = 0;  // from a turn's start to its first token, with nothing added

    // What came of it
    double turns_s = not_measured, deltas_s = not_measured, tokens_s = not_measured;
    double started = 0, completed = 0, failed = 0, cancelled = 0, rejected = 0, unfinished = 0;
    double degraded = 0;
    double violations = 0;  // tokens lost, in the wrong place, replies damaged, unreadable messages
    double first_p50 = not_measured, first_p95 = not_measured, first_p99 = not_measured,
           first_p999 = not_measured, first_most = not_measured;  // added, ms
    double jitter_p50 = not_measured, jitter_p99 = not_measured, jitter_p999 = not_measured;
    double refusal_p50 = not_measured, refusal_p99 = not_measured;
    double cancel_p50 = not_measured, cancel_p99 = not_measured;
    double cancel_open = not_measured;  // cancelled, but the model's server saw nobody close: late
    double late_p99 = not_measured;     // our own lateness, ms

    // CPU seconds per 1,000 turns; idle: percent of one processor
    double cpu_broker = not_measured, cpu_worker = not_measured, cpu_rehearsal = not_measured,
           cpu_bench = not_measured;
    double rehearsal_us_per_token = not_measured;
    double peak_broker_mb = not_measured, peak_worker_mb = not_measured,
           peak_rehearsal_mb = not_measured;
    double foreign = not_measured;  // processors busy with what is not ours
    double at_unix = 0;

    double cpu() const { return cpu_broker + cpu_worker; }
    double peak_mb() const { return peak_broker_mb + peak_worker_mb; }
};

// visit(name, member) for each.
template <class AnyRow, class Visit>
void fields(AnyRow& row, Visit visit) {
    visit("label", row.label);
    visit("mode", row.mode);
    visit("rhythm", row.rhythm);
    visit("state", row.state);
    visit("load", row.load);
    visit("seconds", row.seconds);
    visit("first_token_ms", row.first_token_ms);
    visit("between_tokens_ms", row.between_tokens_ms);
    visit("reply_tokens", row.reply_tokens);
    visit("ideal_first_ms", row.ideal_ms);
    visit("turns_per_s", row.turns_s);
    visit("deltas_per_s", row.deltas_s);
    visit("tokens_per_s", row.tokens_s);
    visit("started", row.started);
    visit("completed", row.completed);
    visit("failed", row.failed);
    visit("cancelled", row.cancelled);
    visit("rejected", row.rejected);
    visit("unfinished", row.unfinished);
    visit("degraded", row.degraded);
    visit("codes", row.codes);
    visit("violations", row.violations);
    visit("added_first_ms_p50", row.first_p50);
    visit("added_first_ms_p95", row.first_p95);
    visit("added_first_ms_p99", row.first_p99);
    visit("added_first_ms_p999", row.first_p999);
    visit("added_first_ms_most", row.first_most);
    visit("jitter_ms_p50", row.jitter_p50);
    visit("jitter_ms_p99", row.jitter_p99);
    visit("jitter_ms_p999", row.jitter_p999);
    visit("refusal_ms_p50", row.refusal_p50);
    visit("refusal_ms_p99", row.refusal_p99);
    visit("cancel_to_close_ms_p50", row.cancel_p50);
    visit("cancel_to_close_ms_p99", row.cancel_p99);
    visit("cancelled_not_closed", row.cancel_open);
    visit("late_start_ms_p99", row.late_p99);
    visit("cpu_s_per_1k_broker", row.cpu_broker);
    visit("cpu_s_per_1k_worker", row.cpu_worker);
    visit("cpu_s_per_1k_rehearsal", row.cpu_rehearsal);
    visit("cpu_s_per_1k_bench", row.cpu_bench);
    visit("rehearsal_us_per_token", row.rehearsal_us_per_token);
    visit("peak_mb_broker", row.peak_broker_mb);
    visit("peak_mb_worker", row.peak_worker_mb);
    visit("peak_mb_rehearsal", row.peak_rehearsal_mb);
    visit("foreign_cpus", row.foreign);
    visit("at_unix", row.at_unix);
    visit("commit", row.commit);
    visit("command", row.command);
}

std::string to_json(const Row& row);  // one line, without its line feed

// Errc::config names the field that is missing or of another type; unknown ones are skipped.
Result<Row> read_row(std::string_view line);
// All lines of all these files; the error names file and line.
Result<std::vector<Row>> read_rows(const std::vector<std::string>& files);

// Of rows that measured the same (label, mode, rhythm, state, load), the median of each number, in
// the order in which they first came.
std::vector<Row> medians(const std::vector<Row>& rows);

}  // namespace emostage::load
