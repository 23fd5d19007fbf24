// The command line of emostage-rehearsal.
#pragma once

#include <string>
#include <vector>

#include "bench/rehearsal/options.hpp"
#include "core/log/log.hpp"
#include "core/result.hpp"

namespace emostage::rehearsal {

struct CommandLine {
    Options options;
    log::Level log_level = log::Level::info;
    std::string text;  // not empty: --help or --version was asked; print it and end
};

// Errc::config with a sentence. `arguments`: without the program's name.
Result<CommandLine> read_command_line(std::vector<std::string> arguments);

}  // namespace emostage::rehearsal
