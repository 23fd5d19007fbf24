// emostage-bench: loads the system as its users would, and measures.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "bench/load/options.hpp"
#include "bench/load/peer.hpp"

namespace {

constexpr int exit_failed = 1, exit_usage = 2;

int complain(const std::string& message, int code) {
    std::fprintf(stderr, "emostage-bench: %s\n", message.c_str());
    return code;
}

}  // namespace

int main(int argc, char** argv) try {
    using namespace emostage;
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = load::read_options({argv + 1, argv + argc});
    if (!options) return complain(options.error().message, exit_usage);
    if (!options->text.empty()) {
        std::fputs(options->text.c_str(), stdout);
        return 0;
    }
    const load::ReplyScript script(options->far_end, options->token_bytes);
    const char* given = std::getenv("LOAD");
    const auto task = load::read_peer_task(given == nullptr ? "" : given);
    if (!task) return complain(task.error().message, exit_usage);
    return load::run_peer(options->connection, script, *task);
} catch (const std::exception& error) {
    return complain(error.what(), exit_failed);
}
