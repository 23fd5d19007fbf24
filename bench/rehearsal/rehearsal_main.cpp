// emostage-rehearsal: the endpoint where no model is, and the far end of tests and benchmarks.
#include <sys/resource.h>

#include <asio/signal_set.hpp>
#include <cstdio>
#include <functional>

#include "bench/rehearsal/command_line.hpp"
#include "bench/rehearsal/server.hpp"
#include "core/log/log.hpp"

namespace {

using namespace emostage;

// As many descriptors as the system lets us have: one per connection.
void raise_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const rehearsal::CommandLine& line) {
    const log::Writer writer({.level = line.log_level, .program = "emostage-rehearsal"});
    asio::io_context loop(1);
    rehearsal::Server server(loop, line.options);
    const auto port = server.listen();
    if (!port) {
        std::fprintf(stderr, "emostage-rehearsal: %s\n", port.error().message.c_str());
        return 1;
    }
    log::info("this is a rehearsal: scripted replies, no model");

    asio::signal_set signals(loop, SIGINT, SIGTERM);
    int heard = 0;
    std::function<void()> listen = [&] {
        signals.async_wait([&](asio::error_code error, int) {
            if (error) return;
            server.stop();
            if (++heard < 2) listen();
        });
    };
    listen();
    const bool v6 = line.options.host.find(':') != std::string::npos;
    std::printf(v6 ? "emostage-rehearsal listening on [%s]:%u\n"
                   : "emostage-rehearsal listening on %s:%u\n",
                line.options.host.c_str(), *port);
    std::fflush(stdout);
    while (!(heard > 0 && server.stats().connections_open == 0) && loop.run_one() != 0) {
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto line = emostage::rehearsal::read_command_line({argv + 1, argv + argc});
    if (!line) {
        std::fprintf(stderr, "emostage-rehearsal: %s\n", line.error().message.c_str());
        return 2;
    }
    if (!line->text.empty()) {
        std::fputs(line->text.c_str(), stdout);
        return 0;
    }
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    return run(*line);
}
