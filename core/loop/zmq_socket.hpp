// A ZeroMQ socket on an Asio loop.
//
// ZMQ_FD is an edge-like wake-up, not readiness: after every wake, and after every send, the
// socket's ZMQ_EVENTS are read again until they show nothing; only then is the descriptor watched
// anew. https://libzmq.readthedocs.io/en/zeromq4-x/zmq_getsockopt.html (ZMQ_FD)
//
// What was read in one wake-up is a burst. An owner that wants to hear of its end may answer all of
// it at once. Such an owner calls look() at the end of each loop turn in which it has sent, which
// spares the loop a turn for each send.
//
// One thread: the loop's. The handler may send on this or any other socket, but not destroy this
// one.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "core/result.hpp"

namespace emostage {

class ZmqSocket {
public:
    using Frames = std::vector<zmq::message_t>;
    // One whole message; frames_max of more are read and dropped.
    using Handler = std::function<void(Frames&)>;

    static constexpr std::size_t frames_max = 8;
    static constexpr int receive_burst_max = 256;  // messages before the loop gets its turn again

    // Sets LINGER 0, MAXMSGSIZE, IPV6 and handshake and heartbeat intervals; the rest is the
    // caller's, by `raw()` before bind or connect.
    ZmqSocket(asio::io_context& loop, zmq::context_t& context, zmq::socket_type type);
    ~ZmqSocket();
    ZmqSocket(const ZmqSocket&) = delete;
    ZmqSocket& operator=(const ZmqSocket&) = delete;

    zmq::socket_t& raw() { return socket_; }

    // Errc::io with the endpoint and the system's words.
    Result<void> bind(const std::string& endpoint);
    Result<void> connect(const std::string& endpoint);
    std::string last_endpoint() const;  // with the port that `:*` became

    // Whether a message could be sent, told when that changes: the high-water mark, or, on a socket
    // with IMMEDIATE, whether there is a connection at all. Two changes within one turn of the loop
    // may go unnoticed. It is false before it is told.
    using WritableHandler = std::function<void(bool)>;

    // The messages of one wake-up have all gone to the handler.
    using BurstEndHandler = std::function<void()>;

    // Starts to receive. Without a handler the socket only sends.
    void start(Handler handler, WritableHandler on_writable = {},
               BurstEndHandler on_burst_end = {});

    // Inside a handler, with on_burst_end() still to come.
    bool in_burst() const { return in_burst_; }
    // Reads what is there, if something was sent since. Not from inside a burst.
    void look();

    enum class Sent { yes, full, unreachable };
    // Whole messages only, never blocking: `full` is EAGAIN (high-water mark), `unreachable`
    // EHOSTUNREACH (a ROUTER whose peer is gone). Frames are left as they were unless sent.
    Sent send(std::string_view frame);
    Sent send(std::string_view first, std::string_view second);
    Sent send(Frames& frames);

private:
    void watch();
    void wake();
    void drain();
    void schedule_drain();
    bool nothing_more();

    asio::io_context& loop_;
    zmq::socket_t socket_;
    asio::posix::stream_descriptor descriptor_;
    Handler handler_;
    WritableHandler on_writable_;
    BurstEndHandler on_burst_end_;
    bool in_burst_ = false;
    bool sent_ = false;  // since the last look
    Frames frames_;
    bool writable_ = false;
    bool watching_ = false;
    bool drain_posted_ = false;
    std::shared_ptr<bool> alive_;  // false once destroyed: posted drains look at it
};

}  // namespace emostage
