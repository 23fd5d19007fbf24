#include "bench/load/tally.hpp"

#include <unistd.h>

#include <fstream>

#include "bench/load/close_times.hpp"
#include "bench/load/usage.hpp"

namespace emostage::load {

namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }
double ms(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
double ms_of(const Histogram& histogram, double percent) {
    return histogram.count() == 0 ? not_measured : ms(histogram.percentile(percent));
}

double peak_mb(const StartedSystem& system, const std::string& role) {
    double sum = 0;
    for (const auto& process : system.processes()) {
        if (process.role == role) sum += static_cast<double>(peak_kib(process.pid)) / 1024;
    }
    return sum;
}

double used(const Snapshot& before, const Snapshot& after, const char* role) {
    const auto then = before.cpu_s.find(role), now = after.cpu_s.find(role);
    return then == before.cpu_s.end() || now == after.cpu_s.end() ? not_measured
                                                                  : now->second - then->second;
}

// Memory, and what else the machine was busy with.
void put_rest(Row& row, const StartedSystem& system, const Snapshot& before, const Snapshot& after,
              Duration passed) {
    row.peak_broker_mb = peak_mb(system, "broker");
    row.peak_worker_mb = peak_mb(system, "worker");
    row.peak_rehearsal_mb = peak_mb(system, "rehearsal");
    const double foreign = after.machine_s - before.machine_s - (after.all() - before.all());
    row.foreign = std::max(0.0, foreign) / seconds(passed);
}

}  // namespace

double Snapshot::all() const {
    double sum = own_s;
    for (const auto& [role, used] : cpu_s) sum += used;
    return sum;
}

Snapshot snapshot(const StartedSystem* system) {
    Snapshot now;
    if (system != nullptr) {
        for (const auto& process : system->processes()) {
            now.cpu_s[process.role] += seconds(cpu_time(process.pid));
        }
    }
    now.own_s = seconds(cpu_time(::getpid()));
    now.machine_s = seconds(machine_busy());
    return now;
}

std::string codes_of(const Meter& meter) {
    std::string text;
    for (const auto& [code, times] : meter.codes) {
        text += (text.empty() ? "" : ", ") + code + " " + std::to_string(times);
    }
    return text;
}

void put_meter(Row& row, const Meter& meter, double window_s) {
    row.turns_s = static_cast<double>(meter.completed_in_time) / window_s;
    row.deltas_s = static_cast<double>(meter.deltas_in_time) / window_s;
    row.tokens_s = static_cast<double>(meter.tokens_in_time) / window_s;
    row.started = static_cast<double>(meter.started);
    row.completed = static_cast<double>(meter.completed);
    row.failed = static_cast<double>(meter.failed);
    row.cancelled = static_cast<double>(meter.cancelled);
    row.rejected = static_cast<double>(meter.rejected);
    row.unfinished = static_cast<double>(meter.unfinished);
    row.degraded = static_cast<double>(meter.degraded);
    row.codes = codes_of(meter);
    row.first_p50 = ms_of(meter.first, 50) - row.ideal_ms;
    row.first_p95 = ms_of(meter.first, 95) - row.ideal_ms;
    row.first_p99 = ms_of(meter.first, 99) - row.ideal_ms;
    row.first_p999 = ms_of(meter.first, 99.9) - row.ideal_ms;
    row.first_most = ms_of(meter.first, 100) - row.ideal_ms;
    row.jitter_p50 = ms_of(meter.jitter, 50);
    row.jitter_p99 = ms_of(meter.jitter, 99);
    row.jitter_p999 = ms_of(meter.jitter, 99.9);
    row.refusal_p50 = ms_of(meter.refusal, 50);
    row.refusal_p99 = ms_of(meter.refusal, 99);
    row.late_p99 = ms_of(meter.late, 99);
}

void put_usage(Row& row, const StartedSystem& system, const Snapshot& before, const Snapshot& after,
               const Meter& meter) {
    const double thousands = static_cast<double>(meter.completed) / 1000;
    if (thousands > 0) {
        row.cpu_broker = used(before, after, "broker") / thousands;
        row.cpu_worker = used(before, after, "worker") / thousands;
        row.cpu_rehearsal = used(before, after, "rehearsal") / thousands;
        row.cpu_bench = (after.own_s - before.own_s) / thousands;
    }
    if (meter.tokens > 0) {
        row.rehearsal_us_per_token =
            used(before, after, "rehearsal") * 1e6 / static_cast<double>(meter.tokens);
    }
    put_rest(row, system, before, after, meter.lasted);
}

void put_idle(Row& row, const StartedSystem& system, const Snapshot& before, const Snapshot& after,
              Duration passed) {
    const double percent = 100 / seconds(passed);
    row.cpu_broker = used(before, after, "broker") * percent;
    row.cpu_worker = used(before, after, "worker") * percent;
    row.cpu_rehearsal = used(before, after, "rehearsal") * percent;
    put_rest(row, system, before, after, passed);
}

void put_cancels(Row& row, const StartedSystem& system, const GatewayLoad& load) {
    std::unordered_map<std::string, std::int64_t> cancels;
    for (const auto& cancel : load.cancels()) cancels.emplace(cancel.trace, cancel.at_unix_us);
    Histogram after;
    for (const auto& path : system.close_logs()) {
        std::ifstream log(path);
        after.add(close_times(cancels, log));
    }
    row.cancel_p50 = ms_of(after, 50);
    row.cancel_p99 = ms_of(after, 99);
    row.cancel_open = static_cast<double>(cancels.size()) - static_cast<double>(after.count());
}

}  // namespace emostage::load
