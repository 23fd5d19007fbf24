// emostage-chat's command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gateway/client/client.hpp"

namespace emostage::chat {

struct Options {
    std::string commands = gateway::default_commands;
    std::string events = gateway::default_events;
    std::string gateway;   // empty: one is made
    std::string session;   // empty: a new one
    std::string locale;    // empty: the turns' language from their text, ours from the environment
    std::string pipeline;  // empty: the broker's default
    std::optional<std::chrono::milliseconds> deadline;
    std::chrono::milliseconds patience{15'000};  // with a broker that does not answer; piped input
    bool json = false;
};

inline constexpr int exit_usage = 2;

// The options, or the code to exit with (help and version: 0); what there is to say was printed.
struct Parsed {
    std::optional<Options> options;
    int exit_code = 0;
};
Parsed parse_options(int argc, const char* const* argv);

}  // namespace emostage::chat
