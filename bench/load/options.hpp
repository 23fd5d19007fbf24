// emostage-bench's command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/load/gateway_load.hpp"
#include "bench/load/reply_script.hpp"
#include "core/result.hpp"

namespace emostage::load {

struct Options {
    std::string text;  // not empty: print it and leave (help, version)
    bool peer = false;
    Connection connection;
    FarEnd far_end = FarEnd::rehearsal;
    std::size_t token_bytes = 6;
};

// Errc::config with a sentence.
Result<Options> read_options(std::vector<std::string> arguments);

}  // namespace emostage::load
