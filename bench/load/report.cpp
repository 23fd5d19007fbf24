#include "bench/load/report.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "bench/load/knee.hpp"

namespace emostage::load {

namespace {

constexpr std::size_t sweep_min = 3;

std::string shown(double value, int digits) {
    if (std::isnan(value)) return "–";
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

template <class... More>
std::string shown(int digits, double first, More... more) {
    if (std::isnan(first)) return "–";
    std::string text = shown(first, digits);
    ((text += " / " + shown(more, digits)), ...);
    return text;
}

// Rows that belong together, each group by load.
std::vector<std::vector<Row>> grouped(const std::vector<Row>& rows, bool by_label_only) {
    std::vector<std::vector<Row>> groups;
    for (const auto& row : rows) {
        const auto found = std::ranges::find_if(groups, [&](const auto& group) {
            const Row& first = group.front();
            return first.label == row.label &&
                   (by_label_only || (first.mode == row.mode && first.state == row.state &&
                                      first.rhythm == row.rhythm));
        });
        found == groups.end() ? groups.push_back({row}) : found->push_back(row);
    }
    if (!by_label_only) {
        for (auto& group : groups) std::ranges::stable_sort(group, {}, &Row::load);
    }
    return groups;
}

std::string load_of(const Row& row) {
    if (row.mode == "idle") return "idle";
    return shown(row.load, 0) + (row.mode == "open" ? "/s" : " in flight");
}

std::string line_of(const Row& row) {
    if (row.mode == "idle") {
        return "| idle | " + row.state + " | broker " + shown(row.cpu_broker, 3) + " %, worker " +
               shown(row.cpu_worker, 3) + " % of a core |||||||||||\n";
    }
    std::string refused = "–", cancels = "–";
    if (row.rejected > 0) {
        refused = shown(row.rejected, 0) + ": " + shown(1, row.refusal_p50, row.refusal_p99);
    }
    if (row.cancelled > 0) {
        cancels = shown(row.cancelled, 0) + ": " + shown(1, row.cancel_p50, row.cancel_p99);
    }
    return "| " + load_of(row) + " | " + row.state + " | " + shown(row.turns_s, 1) + " | " +
           shown(row.tokens_s, 0) + ", " + shown(row.deltas_s, 0) + " | **" + shown(row.cpu(), 2) +
           "** (" + shown(row.cpu_broker, 2) + " + " + shown(row.cpu_worker, 2) + ") | " +
           shown(2, row.cpu_rehearsal, row.cpu_bench) + "; " +
           shown(row.rehearsal_us_per_token, 1) + " µs | " + shown(row.peak_broker_mb, 0) + " + " +
           shown(row.peak_worker_mb, 0) + " | " +
           shown(2, row.first_p50, row.first_p95, row.first_p99, row.first_p999) + " | " +
           shown(2, row.jitter_p50, row.jitter_p99) + " | " + refused + " | " + cancels + " | " +
           shown(row.violations, 0) + " | " + shown(row.failed + row.unfinished, 0) + " | " +
           shown(row.foreign, 2) + " |\n";
}

constexpr const char* head =
    "| load | state | turns/s | tokens/s, deltas/s | CPU-s / 1,000 turns (broker + worker) "
    "| the same, far end and bench; far end, µs / token | peak MB (broker + worker) "
    "| added first token ms p50 / p95 / p99 / p99.9 | jitter ms p50 / p99 "
    "| rejected: ms p50 / p99 | cancelled: to close ms p50 / p99 "
    "| violations | failed, unfinished | other CPU |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";

std::string slug(const std::string& label) {
    std::string name;
    for (const char c : label) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == ' ' ? '-' : c;
    }
    return name;
}

std::vector<LoadPoint> load_points(const std::vector<Row>& sweep) {
    std::vector<LoadPoint> points;
    for (const auto& row : sweep) points.push_back({row.turns_s, row.first_p95 + row.ideal_ms});
    return points;
}

Series series(const char* name, const std::vector<Row>& sweep, double Row::*value) {
    Series made{name, {}};
    for (const auto& row : sweep) made.points.emplace_back(row.load, row.*value);
    return made;
}

Plot plot_of(const std::vector<Row>& sweep, const char* what, const char* y_label) {
    const bool open = sweep.front().mode == "open";
    Plot plot;
    plot.title = sweep.front().label + ", " + sweep.front().state + ": " + what;
    plot.x_label = open ? "turns per second, offered" : "turns in flight";
    plot.y_label = y_label;
    plot.x_log = !open;
    // Where the last load is the best one, the knee was not reached.
    if (const auto knee = find_knee(load_points(sweep)); knee && *knee + 1 < sweep.size()) {
        plot.mark = sweep[*knee].load;
        plot.mark_label = "knee";
    }
    return plot;
}

}  // namespace

std::string to_markdown(const std::vector<Row>& rows) {
    std::string text;
    for (const auto& group : grouped(rows, true)) {
        text += "### " + group.front().label + "\n\n" + head;
        for (const auto& row : group) text += line_of(row);
        text += "\n";
        for (const auto& sweep : grouped(group, false)) {
            if (sweep.front().mode != "open") continue;
            if (const auto overload = overload_of(sweep)) {
                text += sweep.front().state + ": " + to_sentence(*overload) + "\n\n";
            }
        }
    }
    return text;
}

std::vector<NamedPlot> plots_of(const std::vector<Row>& rows) {
    std::vector<NamedPlot> plots;
    std::set<std::string> names;  // a label may have a closed and an open sweep
    for (const auto& sweep : grouped(rows, false)) {
        const Row& first = sweep.front();
        if (sweep.size() < sweep_min || first.mode == "idle") continue;
        std::string name = slug(first.label) + "-" + first.state;
        if (!names.insert(name).second) name += "-" + first.mode + first.rhythm;
        Plot latency = plot_of(sweep, "latency against load", "first token, added, ms");
        latency.y_log = true;
        latency.series = {series("p50", sweep, &Row::first_p50),
                          series("p95", sweep, &Row::first_p95),
                          series("p99", sweep, &Row::first_p99)};
        plots.push_back({name + "-latency.svg", std::move(latency)});
        if (first.mode == "closed") {
            Plot cpu = plot_of(sweep, "CPU per turn", "CPU-s per 1,000 turns");
            cpu.mark.reset();
            Series sum{"both", {}};
            for (const auto& row : sweep) sum.points.emplace_back(row.load, row.cpu());
            cpu.series = {std::move(sum), series("broker", sweep, &Row::cpu_broker),
                          series("worker", sweep, &Row::cpu_worker)};
            plots.push_back({name + "-cpu.svg", std::move(cpu)});
        } else {
            Plot goodput = plot_of(sweep, "goodput against load", "turns per second, completed");
            goodput.series = {series("completed", sweep, &Row::turns_s)};
            plots.push_back({name + "-goodput.svg", std::move(goodput)});
        }
    }
    return plots;
}

std::optional<Overload> overload_of(const std::vector<Row>& sweep) {
    const auto knee = find_knee(load_points(sweep));
    if (sweep.size() < sweep_min || !knee) return std::nullopt;
    const Row& at_knee = sweep[*knee];
    const auto found = std::ranges::find_if(
        sweep, [&](const Row& row) { return row.load >= Overload::beyond * at_knee.load; });
    const Row& past = found == sweep.end() ? sweep.back() : *found;
    Overload overload;
    overload.knee = at_knee.load;
    overload.offered = past.load;
    for (const auto& row : sweep) overload.peak = std::max(overload.peak, row.turns_s);
    overload.goodput_share = past.turns_s / overload.peak;
    const auto times = [&](double Row::*first) {
        return (past.*first + past.ideal_ms) / (at_knee.*first + at_knee.ideal_ms);
    };
    overload.first_times_p50 = times(&Row::first_p50);
    overload.first_times_p99 = times(&Row::first_p99);
    overload.refusal_p99 = past.refusal_p99;
    return overload;
}

std::string to_sentence(const Overload& overload) {
    std::string text = "the knee is at " + shown(overload.knee, 0) + " turns/s, the peak is " +
                       shown(overload.peak, 0) + " turns/s. At " + shown(overload.offered, 0) +
                       " turns/s (" + shown(overload.offered / overload.knee, 1) +
                       " × the knee) the goodput is " + shown(100 * overload.goodput_share, 1) +
                       " % of the peak, the first token of the admitted comes after " +
                       shown(overload.first_times_p50, 1) + " × (p50) and " +
                       shown(overload.first_times_p99, 1) + " × (p99) the time at the knee";
    if (!std::isnan(overload.refusal_p99)) {
        text += ", refusals within " + shown(overload.refusal_p99, 1) + " ms (p99)";
    }
    return text + ".";
}

}  // namespace emostage::load
