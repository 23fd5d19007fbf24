// The broker, and one thing more: EMOSTAGE_KILL_AT="STEP:N" kills it, as SIGKILL does, when its
// journal comes to that step (begun, written, committed, told) for the N-th time.
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "broker/shell/broker_program.hpp"
#include "core/log/log.hpp"

namespace {

using emostage::broker::JournalWriter;

constexpr std::array<std::string_view, 4> steps{"begun", "written", "committed", "told"};

JournalWriter::Observer killer(std::string_view at) {
    const auto colon = at.find(':');
    std::size_t step = 0;
    while (step < steps.size() && steps[step] != at.substr(0, colon)) ++step;
    int times = 0;
    const bool counted =
        colon != std::string_view::npos &&
        std::from_chars(at.data() + colon + 1, at.data() + at.size(), times).ec == std::errc{};
    if (step == steps.size() || !counted) {
        std::cerr << "EMOSTAGE_KILL_AT: STEP:N is meant\n";
        std::exit(2);
    }
    return [step, times](JournalWriter::Step now) mutable {
        if (static_cast<std::size_t>(now) == step && --times == 0) ::kill(::getpid(), SIGKILL);
    };
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    emostage::broker::BrokerOptions options;
    const auto request = emostage::broker::load_broker_options(
        {argv + 1, argv + argc}, emostage::config::process_environment, options);
    if (!request || request->kind != emostage::config::Request::Kind::run) {
        std::cerr << (request ? "it only runs" : request.error().message) << '\n';
        return 2;
    }
    const emostage::log::Writer writer(options.log);
    const char* at = std::getenv("EMOSTAGE_KILL_AT");
    const auto ran = emostage::broker::run_broker(options, at ? killer(at) : nullptr);
    if (!ran) std::cerr << ran.error().message << '\n';
    return ran ? 0 : 1;
}
