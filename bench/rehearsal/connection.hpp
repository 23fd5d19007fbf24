// One client's connection: reads requests, plays the responses, notices at once when the client
// goes away.
//
// Always reading, also in mid-answer: that is how a close is seen. Lives until its Host forgets it.
// One thread: the loop's. Bounds: Limits.
#pragma once

#include <array>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bench/rehearsal/close_log.hpp"
#include "bench/rehearsal/http_request.hpp"
#include "bench/rehearsal/responder.hpp"
#include "core/clock.hpp"

namespace emostage::rehearsal {

using ConnectionId = std::uint64_t;

// What a connection needs of its server. Called from the loop.
class Host {
public:
    virtual ~Host() = default;
    virtual Responder& responder() = 0;
    virtual Stats& stats() = 0;
    virtual void wake_at(ConnectionId id, TimePoint when) = 0;  // Connection::on_time then
    virtual void no_wake(ConnectionId id) = 0;
    virtual void client_closed(const ClientClosed& closed) = 0;
    virtual void forget(ConnectionId id) = 0;  // drops the host's reference
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(ConnectionId id, asio::ip::tcp::socket socket, const Limits& limits, Host& host);

    void start();
    void on_time(TimePoint now);
    // No further request; closes now unless an answer is running.
    void drain();
    void close();

private:
    void read();
    void on_read(std::size_t bytes);
    void on_gone();
    void feed(std::string_view bytes);
    void begin(Response response);
    void play(TimePoint now);
    bool send();  // false: not all is out; goes on when the socket takes more, or the client left
    void answered();
    void feed_early();
    void await_request();
    void linger();

    const ConnectionId id_;
    asio::ip::tcp::socket socket_;
    const Limits& limits_;
    Host& host_;

    HttpReader reader_;
    std::array<char, 8192> buffer_;
    std::string early_;  // came before the answer had ended

    std::optional<Response> response_;  // being played
    Now began_;                         // when its request was whole
    std::string out_;                   // rendered, and from sent_ on not yet taken by the socket
    std::size_t sent_ = 0;
    bool blocked_ = false;    // the socket takes nothing now
    bool draining_ = false;   // no further request
    bool lingering_ = false;  // our side is shut; what still comes is thrown away
    bool closed_ = false;
};

}  // namespace emostage::rehearsal
