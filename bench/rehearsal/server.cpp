#include "bench/rehearsal/server.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <optional>
#include <unordered_map>

#include "bench/rehearsal/close_log.hpp"
#include "bench/rehearsal/connection.hpp"
#include "bench/rehearsal/responder.hpp"
#include "core/llm/deadline_queue.hpp"
#include "core/log/log.hpp"

namespace emostage::rehearsal {
namespace {

using asio::ip::tcp;

constexpr milliseconds accept_again{50};  // when the process has no descriptor left

constexpr std::string_view full =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
    "Connection: close\r\nRetry-After: 1\r\nContent-Length: 110\r\n\r\n"
    R"({"error":{"message":"too many connections; try again soon","type":"server_error","param":null,"code":"busy"}})"
    "\n";

}  // namespace

struct Server::Impl : Host, std::enable_shared_from_this<Server::Impl> {
    Impl(asio::io_context& loop, Options wanted)
        : options(std::move(wanted)),
          answers(options, counted),
          loop(loop),
          acceptor(loop),
          timer(loop),
          accept_timer(loop) {}

    // --- Host ---------------------------------------------------------------------------------

    Responder& responder() override { return answers; }
    Stats& stats() override { return counted; }
    void wake_at(ConnectionId id, TimePoint when) override {
        agenda.set(id, when);
        arm();
    }
    void no_wake(ConnectionId id) override { agenda.remove(id); }
    void client_closed(const ClientClosed& closed) override {
        ++counted.client_closed;
        log::info("client closed in mid-answer", {{"request", closed.request},
                                                  {"stage", closed.stage},
                                                  {"answer", closed.phase},
                                                  {"after_ms", closed.after_ms},
                                                  {"unix_ms", closed.at_ms}});
        if (close_log) close_log->write(closed);
    }
    void forget(ConnectionId id) override {
        agenda.remove(id);
        connections.erase(id);
        counted.connections_open = connections.size();
        if (stopping && connections.empty()) timer.cancel();
    }

    // --- time ---------------------------------------------------------------------------------

    void arm() {
        const TimePoint next = agenda.next();
        if (in_wake || next >= armed) return;
        armed = next;
        timer.expires_at(next);
        timer.async_wait([self = shared_from_this()](asio::error_code error) {
            if (!error) self->wake();
        });
    }

    // What becomes due while this runs waits for the next round, so that reading goes on.
    void wake() {
        armed = TimePoint::max();
        in_wake = true;
        const TimePoint now = Clock::now();
        while (const ConnectionId id = agenda.take_due(now)) {
            if (id == drain_id) {
                close_all();
            } else if (const auto found = connections.find(id); found != connections.end()) {
                std::shared_ptr<Connection>(found->second)->on_time(now);
            }
        }
        in_wake = false;
        arm();
    }

    // --- connections --------------------------------------------------------------------------

    Result<std::uint16_t> listen() {
        const std::string where = options.host + ":" + std::to_string(options.port);
        asio::error_code error;
        const asio::ip::address address = asio::ip::make_address(options.host, error);
        if (error) return fail(Errc::config, "listen " + where + ": " + error.message());
        if (!options.close_log.empty()) {
            auto opened = CloseLog::open(options.close_log);
            if (!opened) return tl::unexpected(opened.error());
            close_log.emplace(std::move(*opened));
        }
        const tcp::endpoint endpoint(address, options.port);
        acceptor.open(endpoint.protocol(), error);
        if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor.bind(endpoint, error);
        if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
        if (error) return fail(Errc::io, "listen " + where + ": " + error.message());
        accept();
        return acceptor.local_endpoint().port();
    }

    void accept() {
        acceptor.async_accept(
            [self = shared_from_this()](asio::error_code error, tcp::socket socket) {
                if (self->stopping) return;
                if (error) return self->accept_later();
                self->admit(std::move(socket));
                self->accept();
            });
    }

    void accept_later() {
        accept_timer.expires_after(accept_again);
        accept_timer.async_wait([self = shared_from_this()](asio::error_code error) {
            if (!error && !self->stopping) self->accept();
        });
    }

    void admit(tcp::socket socket) {
        ++counted.connections;
        if (connections.size() >= options.limits.connections_max) {
            ++counted.connections_refused;
            asio::error_code ignored;
            socket.non_blocking(true, ignored);
            socket.write_some(asio::buffer(full), ignored);
            return;
        }
        const ConnectionId id = ++last_id;
        auto connection =
            std::make_shared<Connection>(id, std::move(socket), options.limits, *this);
        connections.emplace(id, connection);
        counted.connections_open = connections.size();
        connection->start();
    }

    void stop() {
        if (std::exchange(stopping, true)) return close_all();
        asio::error_code ignored;
        acceptor.close(ignored);
        accept_timer.cancel();
        for (const auto& connection : copied()) connection->drain();
        if (connections.empty()) {
            timer.cancel();
        } else {
            wake_at(drain_id, Clock::now() + options.limits.drain_max);
        }
    }

    void close_all() {
        for (const auto& connection : copied()) connection->close();
        timer.cancel();
    }

    std::vector<std::shared_ptr<Connection>> copied() const {
        std::vector<std::shared_ptr<Connection>> copy;
        for (const auto& [id, connection] : connections) copy.push_back(connection);
        return copy;
    }

    static constexpr ConnectionId drain_id = 1;  // no connection's

    const Options options;
    Stats counted;
    Responder answers;
    std::optional<CloseLog> close_log;
    asio::io_context& loop;
    tcp::acceptor acceptor;
    asio::steady_timer timer, accept_timer;
    llm::DeadlineQueue agenda;           // when which connection has something to do
    TimePoint armed = TimePoint::max();  // what the timer waits for
    bool in_wake = false;
    bool stopping = false;
    ConnectionId last_id = drain_id;
    std::unordered_map<ConnectionId, std::shared_ptr<Connection>> connections;
};

Server::Server(asio::io_context& loop, Options options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}
Server::~Server() {
    impl_->stop();
    impl_->close_all();
}
Result<std::uint16_t> Server::listen() { return impl_->listen(); }
void Server::stop() { impl_->stop(); }
const Stats& Server::stats() const { return impl_->counted; }

}  // namespace emostage::rehearsal
