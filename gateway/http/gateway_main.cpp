// emostage-gateway. Exits with 0 when it was told to stop, 1 when it could not run, 2 when its
// command line or configuration is wrong.
#include <csignal>
#include <exception>
#include <iostream>

#include "core/log/line.hpp"
#include "core/log/log.hpp"
#include "gateway/http/server/api_keys.hpp"
#include "gateway/http/server/gateway_program.hpp"

namespace {

constexpr std::size_t message_bytes_max = 2048;

int complain(std::string_view message, int code) {
    std::cerr << "emostage-gateway: " << emostage::log::one_line(message, message_bytes_max)
              << '\n';
    return code;
}

int print_new_key(const std::string& name) {
    const auto made = emostage::http::make_key(name);
    std::cout << "The key, which is shown only now:\n"
              << made.key << "\nIts line for the file of keys:\n"
              << made.line << '\n';
    return 0;
}

}  // namespace

int main(int argc, char** argv) try {
    using emostage::config::Request;
    std::signal(SIGPIPE, SIG_IGN);
    emostage::http::GatewayOptions options;
    const auto request = emostage::http::load_gateway_options(
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
    if (!options.new_key.empty()) return print_new_key(options.new_key);
    emostage::Result<void> ran;
    {
        const emostage::log::Writer writer(options.log);
        ran = emostage::http::run_gateway(options);
    }
    if (ran) return 0;
    return complain(ran.error().message, ran.error().code == emostage::Errc::config ? 2 : 1);
} catch (const std::exception& error) {
    return complain(error.what(), 1);
}
