// A program's arguments through CLI11.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"

namespace CLI {
class App;
}

namespace emostage {

// `arguments`: without the program's name. What is to be printed in place of running (help,
// version), or nothing. Errc::config in CLI11's words.
Result<std::string> parse_arguments(CLI::App& app, std::vector<std::string> arguments);

}  // namespace emostage
