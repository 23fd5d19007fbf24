#include "bench/rehearsal/arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace emostage {

Result<std::string> parse_arguments(CLI::App& app, std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return app.help();
    } catch (const CLI::CallForVersion&) {
        return app.version() + "\n";
    } catch (const CLI::ParseError& error) {
        return fail(Errc::config, error.what());
    }
    return std::string();
}

}  // namespace emostage
