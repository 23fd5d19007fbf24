#include "bench/load/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace emostage::load {

std::string progress_bar(double done) {
    const double part = std::isfinite(done) ? std::clamp(done, 0.0, 1.0) : 0.0;
    const auto full = static_cast<std::size_t>(part * bar_width);
    std::string bar = "[" + std::string(full, '#');
    for (std::size_t i = full; i < bar_width; ++i) bar += "·";
    return bar + "]";
}

std::string progress_line(const Progress& progress) {
    const double passed = std::chrono::duration<double>(progress.passed).count();
    const double whole = std::chrono::duration<double>(progress.whole).count();
    char text[160];
    std::snprintf(text, sizeof text, " %3.0f of %.0f s, %llu turns, %llu in flight", passed, whole,
                  static_cast<unsigned long long>(progress.completed),
                  static_cast<unsigned long long>(progress.in_flight));
    std::string line =
        no_line + progress.what + " " + progress_bar(whole > 0 ? passed / whole : 1) + text;
    if (progress.rejected > 0) line += ", " + std::to_string(progress.rejected) + " rejected";
    return line;
}

std::string outcome_line(const Row& row) {
    char text[160];
    if (row.mode == "idle") {
        std::snprintf(text, sizeof text, "idle: broker %.3f %%, worker %.3f %% of a processor",
                      row.cpu_broker, row.cpu_worker);
    } else {
        std::snprintf(text, sizeof text,
                      "%s %g: %.1f turns/s, first token +%.2f ms (p50), +%.2f ms (p99)",
                      row.mode.c_str(), row.load, row.turns_s, row.first_p50, row.first_p99);
    }
    return text;
}

}  // namespace emostage::load
