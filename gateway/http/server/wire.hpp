// The sockets under RESTinio's connections, and what it cannot do with them itself: end a
// connection so that nobody takes its answer for whole, and answer a request that it refuses to
// read.
//
// RESTinio closes a connection whose request is too large or no HTTP without a word. Its reason
// comes by its logger just before: Wires keeps the answer to it, and the socket, in place of being
// closed, sends it and reads on for a while, so that a client that is still sending gets to read
// it.
//
// One thread: the loop's.
#pragma once

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/clock.hpp"

namespace emostage::http {

class Wire;

// All of one loop.
class Wires : public asio::execution_context::service {
public:
    static constexpr std::size_t farewells_max = 64;  // at once; more are closed without a word
    static constexpr std::size_t farewell_bytes_max = 16 * 1024 * 1024;  // read and dropped
    static constexpr milliseconds farewell_max{2'000};

    using key_type = Wires;
    static asio::execution_context::id id;
    explicit Wires(asio::execution_context& loop) : service(loop) {}

    // Of a connection that is open; nullptr: there is none.
    Wire* of(const void* connection) const;

    // The connection that is closed next is told this: a whole answer.
    void refuse(std::string answer) { refusal_ = std::move(answer); }

private:
    friend class Wire;
    void shutdown() noexcept override {}

    std::unordered_map<const void*, Wire*> open_;
    std::string refusal_;
    std::shared_ptr<std::size_t> farewells_ = std::make_shared<std::size_t>(0);
};

class Wire : public asio::ip::tcp::socket {
public:
    explicit Wire(asio::io_context& loop);
    Wire(Wire&& other);  // requires: `other` has no connection yet
    Wire& operator=(Wire&&) = delete;
    ~Wire();

    void attach(const void* connection);

    // Requests that wait for the end of their answer.
    void asked() { ++unanswered_; }
    void answered() { --unanswered_; }

    // Both directions are dead, now: whatever RESTinio reads or writes next ends the connection,
    // with a reset.
    void cut();

    // As RESTinio ends a connection.
    void shutdown(shutdown_type how, asio::error_code& error);
    void close();

private:
    bool may_be_told() const { return unanswered_ == 0 && !wires_.refusal_.empty(); }

    Wires& wires_;
    const void* connection_ = nullptr;
    int unanswered_ = 0;
};

// RESTinio finds this by its first argument, once for each connection, before it reads.
template <class Connection, class Start, class Failed>
void prepare_connection_and_start_read(Wire& wire, Connection& connection, Start start, Failed) {
    wire.attach(connection.shared_from_this().get());
    start();
}

}  // namespace emostage::http
