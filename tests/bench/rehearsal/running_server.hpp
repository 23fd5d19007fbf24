// A rehearsal server on a thread and a port of its own.
#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <thread>

#include "bench/rehearsal/server.hpp"

namespace emostage::rehearsal {

class RunningServer {
public:
    explicit RunningServer(Options options) : server_(loop_, with_free_port(std::move(options))) {
        const auto port = server_.listen();
        if (!port) throw std::runtime_error(port.error().message);
        port_ = *port;
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~RunningServer() {
        if (!thread_.joinable()) return;
        stop();
        stop();
        join();
    }

    std::uint16_t port() const { return port_; }
    void stop() {
        asio::post(loop_, [this] { server_.stop(); });
    }
    // Returns when nothing of the server is left to do.
    void join() { thread_.join(); }

private:
    static Options with_free_port(Options options) {
        options.port = 0;
        return options;
    }

    asio::io_context loop_{1};
    Server server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace emostage::rehearsal
