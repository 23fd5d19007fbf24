// emostage-broker. Exits with 0 when it was told to stop, 1 when it could not run, 2 when its
// command line or configuration is wrong.
#include <csignal>
#include <exception>
#include <iostream>

#include "broker/journal/inspect.hpp"
#include "broker/shell/broker_program.hpp"
#include "core/clock.hpp"
#include "core/log/line.hpp"
#include "core/log/log.hpp"

namespace {

constexpr std::size_t message_bytes_max = 2048;

int complain(std::string_view message, int code) {
    std::cerr << "emostage-broker: " << emostage::log::one_line(message, message_bytes_max) << '\n';
    return code;
}

}  // namespace

int main(int argc, char** argv) try {
    using emostage::config::Request;
    std::signal(SIGPIPE, SIG_IGN);
    emostage::broker::BrokerOptions options;
    const auto request = emostage::broker::load_broker_options(
        {argv + 1, argv + argc}, emostage::config::process_environment, options);
    if (!request) return complain(request.error().message, 2);
    if (request->kind == Request::Kind::show) {
        std::cout << request->text;
        return 0;
    }
    if (request->kind == Request::Kind::check) {
        std::cout << "the configuration is fine\n";
        return 0;
    }
    if (!options.inspect.empty()) {
        const auto text =
            emostage::broker::inspect_journal(options.inspect, emostage::now().unix_ms);
        if (!text) return complain(text.error().message, 1);
        std::cout << *text;
        return 0;
    }
    emostage::Result<void> ran;
    {
        const emostage::log::Writer writer(options.log);
        ran = emostage::broker::run_broker(options);
    }
    return ran ? 0 : complain(ran.error().message, 1);
} catch (const std::exception& error) {
    return complain(error.what(), 1);
}
