// Rows as people read them: Markdown tables, plots, and what an open loop says of overload.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/load/plot.hpp"
#include "bench/load/row.hpp"

namespace emostage::load {

// One table for each label, in order.
std::string to_markdown(const std::vector<Row>& rows);

struct NamedPlot {
    std::string file;  // without its directory
    Plot plot;
};
// For each label, mode and state with at least three loads: latency against load, with the knee; of
// closed loops also CPU per turn against concurrency, of open ones goodput against load.
std::vector<NamedPlot> plots_of(const std::vector<Row>& rows);

// Past the knee of an open loop: at the first load of `beyond` times the knee's, else at the most.
struct Overload {
    static constexpr double beyond = 3;

    double knee = 0;           // turns per second that were offered there
    double peak = 0;           // goodput, turns per second, wherever it was greatest
    double offered = 0;        // turns per second past the knee; what follows was measured there
    double goodput_share = 0;  // of the peak
    double first_times_p50 = 0, first_times_p99 = 0;  // the first token, in those of the knee
    double refusal_p99 = not_measured;                // ms
};
// Requires: rows of one sweep, by load. Nothing where there are fewer than three or no knee.
std::optional<Overload> overload_of(const std::vector<Row>& sweep);
std::string to_sentence(const Overload& overload);

}  // namespace emostage::load
