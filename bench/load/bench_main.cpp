// emostage-bench: loads the system as its users would, and measures.
//
// Exits with 0 when every turn kept the contract, 1 when one did not or nothing could be measured,
// 2 when its command line is wrong, 130 when it was interrupted.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include "bench/load/bench.hpp"
#include "bench/load/options.hpp"
#include "bench/load/peer.hpp"
#include "bench/load/report.hpp"

namespace {

using namespace emostage;

constexpr int exit_failed = 1, exit_usage = 2, exit_interrupted = 130;

int complain(const std::string& message, int code) {
    std::fprintf(stderr, "emostage-bench: %s\n", message.c_str());
    return code;
}

int be_peer(const load::Options& options) {
    const char* given = std::getenv("LOAD");
    const auto task = load::read_peer_task(given == nullptr ? "" : given);
    if (!task) return complain(task.error().message, exit_usage);
    return load::run_peer(options.connection,
                          load::ReplyScript(options.far_end, options.token_bytes), *task);
}

Result<void> show(const std::vector<load::Row>& rows, const std::filesystem::path& folder) {
    const auto shown = load::medians(rows);
    std::fputs(load::to_markdown(shown).c_str(), stdout);
    if (folder.empty()) return {};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    for (const auto& [name, plot] : load::plots_of(shown)) {
        std::ofstream file(folder / name);
        file << load::to_svg(plot);
        file.close();
        if (!file) return fail(Errc::io, (folder / name).string() + ": cannot be written");
        std::printf("![%s](%s)\n", plot.title.c_str(),
                    (folder.filename() / name).generic_string().c_str());
    }
    return {};
}

int run(const load::Options& options) {
    bool interrupted = false;
    Result<std::vector<load::Row>> rows;
    if (!options.report.empty()) {
        rows = load::read_rows(options.report);
    } else {
        load::Bench bench(options);
        rows = bench.run();
        interrupted = bench.interrupted();
    }
    if (interrupted) return complain("interrupted", exit_interrupted);
    if (!rows) return complain(rows.error().message, exit_failed);
    if (const auto shown = show(*rows, options.plots); !shown) {
        return complain(shown.error().message, exit_failed);
    }
    for (const auto& row : *rows) {
        const bool kept = row.violations == 0 && row.failed == 0 && row.unfinished == 0;
        if (!kept) return exit_failed;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) try {
    std::signal(SIGPIPE, SIG_IGN);
    const auto home = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const auto options = load::read_options({argv + 1, argv + argc}, home);
    if (!options) return complain(options.error().message, exit_usage);
    if (!options->text.empty()) {
        std::fputs(options->text.c_str(), stdout);
        return 0;
    }
    return options->peer ? be_peer(*options) : run(*options);
} catch (const std::exception& error) {
    return complain(error.what(), exit_failed);
}
