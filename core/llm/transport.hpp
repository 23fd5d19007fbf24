// HTTP POSTs with streamed responses: libcurl's multi-socket interface on an Asio loop.
//
// curl's sockets are watched by one epoll set of ours, whose descriptor is the only one that Asio
// sees: no descriptor of curl's is ever owned, wrapped or closed by us, and a burst of ready
// sockets costs one wake-up. Exchanges are shared out among multi handles (MultiSet). libcurl is
// never called from inside its callbacks: these only take notes, which are handed to the handlers
// when libcurl has returned. So handlers may send, close and drain.
//
// No time-out is set in libcurl: the caller has the deadlines and closes. One thread: the loop's.
// https://curl.se/libcurl/c/libcurl-multi.html (multi_socket)
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/exchange.hpp"

namespace emostage::llm {

// Nothing comes after on_end(), close() or drain().
class ExchangeHandler {
public:
    virtual ~ExchangeHandler() = default;
    virtual void on_connected(TimePoint now) = 0;  // the request goes out
    virtual void on_head(const ResponseHead& head, TimePoint now) = 0;
    virtual void on_body(std::string_view bytes, TimePoint now) = 0;
    virtual void on_end(const ExchangeResult& result, TimePoint now) = 0;
};

struct Post {
    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string body;
    milliseconds connect_timeout{2000};  // shared out among a name's addresses; the caller closes
    bool fresh_connection = false;
};

struct Exchange;  // one request under way; the transport's

class Transport {
public:
    static constexpr std::size_t drain_bytes_max = 16 * 1024;  // after drain()
    static constexpr milliseconds drain_time_max{1000};
    static constexpr std::size_t idle_handles_max = 1024;            // kept for the next requests
    static constexpr std::size_t draining_max = 1024;                // more are closed instead
    static constexpr std::size_t piece_bytes_max = 4 * 1024 * 1024;  // that libcurl reads at once
    static constexpr long receive_buffer_bytes = 16 * 1024;          // of each running exchange

    // Called when all that was ready on the connections has been handed on; in_burst() until then.
    // Who asks for it also calls push() at the end of each of its loop turns in which it has sent.
    void on_burst_end(std::function<void()> handler);
    bool in_burst() const;

    // Puts on the wire what was sent since, which else takes a loop turn of its own. Not from
    // inside a handler.
    void push();

    // Keeps up to `connections_max` connections of each multi handle for reuse, and no multi handle
    // that has been idle for a minute but the first. Throws std::runtime_error where libcurl
    // or the system has no resources.
    Transport(asio::io_context& loop, std::size_t connections_max);
    ~Transport();  // closes every exchange silently
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    // Never calls the handler before it returns. The handler must live until the exchange is over.
    Exchange* send(Post post, ExchangeHandler& handler);

    // Closes the exchange's connection before it returns.
    void close(Exchange* exchange);

    // What is still to come is read and dropped, so that the connection can serve again; closed
    // when it is too much or takes too long.
    void drain(Exchange* exchange);

    struct Impl;

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace emostage::llm
