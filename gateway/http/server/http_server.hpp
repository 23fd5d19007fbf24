// HTTP/1.1 on the loop: requests in, answers out. RESTinio, and everything that is only about it,
// is behind this header.
//
// A connection has one request at a time that waits for its answer. That the client has gone is
// noticed at once, whatever is being answered: reading goes on meanwhile. A client that closes its
// side of the connection has gone. What is too large or no HTTP is refused here.
//
// One thread, the loop's; the loop outlives the server, and the handler too.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>

#include "core/clock.hpp"
#include "core/config/address.hpp"
#include "core/result.hpp"
#include "gateway/http/server/outlet.hpp"
#include "gateway/http/server/request.hpp"

namespace emostage::http {

class Handler {
public:
    virtual ~Handler() = default;
    // `request` is good for the call alone. It may come while an earlier one of its connection is
    // unanswered: then that connection is to be cut.
    virtual void on_request(const Request& request, std::unique_ptr<Outlet> outlet) = 0;
    // Whatever was not answered there has nobody left to be told.
    virtual void on_closed(std::uint64_t connection) = 0;
};

struct ServerLimits {
    std::size_t body_bytes, header_bytes, headers, connections;
    milliseconds read, write;
    milliseconds answer;  // the longest time without a byte written; a net under the handler's own
};

class HttpServer {
public:
    static constexpr milliseconds unacknowledged_max{60'000};  // then a connection is dead
    static constexpr int send_buffer_bytes = 128 * 1024;       // in the kernel, for each connection

    HttpServer(asio::io_context& loop, ServerLimits limits, Handler& handler);
    ~HttpServer();  // connections that are still open get no more answers

    // The address in force: port 0 has become a number. Errc::io: where, why, and what to do.
    Result<config::Address> open(const config::Address& address);

    std::size_t connections() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::http
