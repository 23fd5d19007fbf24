// emostage-bench's command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/load/arrivals.hpp"
#include "bench/load/far_end.hpp"
#include "bench/load/gateway_load.hpp"
#include "bench/load/reply_script.hpp"
#include "bench/load/started_system.hpp"
#include "core/result.hpp"

namespace emostage::load {

enum class Mode : std::uint8_t { closed, open, idle };
std::string_view name(Mode mode);

struct Options {
    static constexpr std::size_t loads_max = 64;
    static constexpr double seconds_max = 3'600;

    std::string text;  // not empty: print it and leave (help, version)

    // What to do
    bool peer = false;
    std::vector<std::string> report;  // files of rows to make a report of; measures nothing
    Mode mode = Mode::closed;
    std::vector<double> loads = {64};  // turns in flight, or per second; idle: one, of no meaning
    Rhythm rhythm = Rhythm::poisson;
    double seconds = 10;  // at full load, for each of the loads
    double cancel_percent = 0;

    // Against what
    bool start = true;  // else the one at `connection`
    Connection connection;
    SystemWish system;
    std::size_t slots = 512;  // open: turns that the workers run at once
    FarEnd far_end = FarEnd::rehearsal;
    std::size_t token_bytes = 6;

    // What is written
    std::string label = "load", commit, command;
    std::string out;              // JSON lines are appended to it; empty: none
    std::filesystem::path plots;  // directory; empty: none
};

// `home`: the directory of this program. Errc::config with a sentence.
Result<Options> read_options(std::vector<std::string> arguments, const std::filesystem::path& home);

}  // namespace emostage::load
