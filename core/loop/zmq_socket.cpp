#include "core/loop/zmq_socket.hpp"

#include <asio/post.hpp>
#include <utility>

#include "schemas/limits.hpp"

namespace emostage {

namespace {

constexpr int backlog = 1024;
constexpr int handshake_ms = 5'000;
constexpr int heartbeat_every_ms = 2'000;
constexpr int heartbeat_dead_ms = 8'000;
constexpr int reconnect_first_ms = 100;  // libzmq adds a random part of the same size
constexpr int reconnect_most_ms = 2'000;

zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type) {
    zmq::socket_t socket(context, type);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(wire::message_bytes_max));
    socket.set(zmq::sockopt::ipv6, true);
    socket.set(zmq::sockopt::backlog, backlog);
    socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
    socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_every_ms);
    socket.set(zmq::sockopt::heartbeat_timeout, heartbeat_dead_ms);
    socket.set(zmq::sockopt::heartbeat_ttl, heartbeat_dead_ms);
    socket.set(zmq::sockopt::reconnect_ivl, reconnect_first_ms);
    socket.set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
    return socket;
}

}  // namespace

ZmqSocket::ZmqSocket(asio::io_context& loop, zmq::context_t& context, zmq::socket_type type)
    : loop_(loop),
      socket_(make_socket(context, type)),
      descriptor_(loop, socket_.get(zmq::sockopt::fd)),
      alive_(std::make_shared<bool>(true)) {}

ZmqSocket::~ZmqSocket() {
    *alive_ = false;
    // The descriptor is libzmq's: Asio must not close it.
    descriptor_.release();
}

Result<void> ZmqSocket::bind(const std::string& endpoint) {
    try {
        socket_.bind(endpoint);
    } catch (const zmq::error_t& error) {
        return fail(Errc::io, "cannot listen on " + endpoint + ": " + error.what());
    }
    return {};
}

Result<void> ZmqSocket::connect(const std::string& endpoint) {
    try {
        socket_.connect(endpoint);
    } catch (const zmq::error_t& error) {
        return fail(Errc::io, "cannot connect to " + endpoint + ": " + error.what());
    }
    return {};
}

std::string ZmqSocket::last_endpoint() const {
    std::string endpoint = socket_.get(zmq::sockopt::last_endpoint);
    while (!endpoint.empty() && endpoint.back() == '\0') endpoint.pop_back();
    return endpoint;
}

void ZmqSocket::start(Handler handler, WritableHandler on_writable, BurstEndHandler on_burst_end) {
    handler_ = std::move(handler);
    on_writable_ = std::move(on_writable);
    on_burst_end_ = std::move(on_burst_end);
    schedule_drain();
}

void ZmqSocket::watch() {
    if (watching_) return;
    watching_ = true;
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, alive = alive_](const asio::error_code& error) {
                               if (!*alive) return;
                               watching_ = false;
                               if (!error) wake();
                           });
}

void ZmqSocket::schedule_drain() {
    if (drain_posted_ || !handler_) return;
    drain_posted_ = true;
    asio::post(loop_, [this, alive = alive_] {
        if (!*alive) return;
        drain_posted_ = false;
        wake();
    });
}

void ZmqSocket::wake() {
    const auto alive = alive_;
    in_burst_ = static_cast<bool>(on_burst_end_);
    drain();
    if (!*alive || !std::exchange(in_burst_, false)) return;
    on_burst_end_();
}

void ZmqSocket::look() {
    if (!std::exchange(sent_, false) || !handler_) return;
    // Most often there is nothing: this asks once where reading would ask twice.
    if (nothing_more()) {
        watch();
    } else {
        drain();
    }
}

void ZmqSocket::drain() {
    const auto alive = alive_;
    for (int messages = 0; messages < receive_burst_max; ++messages) {
        zmq::message_t frame;
        if (!socket_.recv(frame, zmq::recv_flags::dontwait)) {
            if (on_writable_ && !nothing_more()) continue;
            if (!*alive) return;
            // Reading until EAGAIN has taken every pending wake-up; the next one is an edge again.
            watch();
            return;
        }
        frames_.clear();
        bool more = frame.more();
        frames_.push_back(std::move(frame));
        std::size_t dropped = 0;
        while (more) {
            zmq::message_t next;
            if (!socket_.recv(next, zmq::recv_flags::dontwait)) break;
            more = next.more();
            if (frames_.size() < frames_max) {
                frames_.push_back(std::move(next));
            } else {
                ++dropped;
            }
        }
        if (dropped == 0) handler_(frames_);
        if (!*alive) return;
    }
    schedule_drain();
}

// Looks at the other direction. Reading ZMQ_EVENTS may take the wake-up of a message: false then.
bool ZmqSocket::nothing_more() {
    const auto events = socket_.get(zmq::sockopt::events);
    if ((events & ZMQ_POLLIN) != 0) return false;
    const bool writable = (events & ZMQ_POLLOUT) != 0;
    if (on_writable_ && std::exchange(writable_, writable) != writable) on_writable_(writable);
    return true;
}

ZmqSocket::Sent ZmqSocket::send(std::string_view frame) {
    Frames frames;
    frames.emplace_back(frame.data(), frame.size());
    return send(frames);
}

ZmqSocket::Sent ZmqSocket::send(std::string_view first, std::string_view second) {
    Frames frames;
    frames.reserve(2);
    frames.emplace_back(first.data(), first.size());
    frames.emplace_back(second.data(), second.size());
    return send(frames);
}

ZmqSocket::Sent ZmqSocket::send(Frames& frames) {
    Sent sent = Sent::yes;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const bool last = i + 1 == frames.size();
        const int flags = ZMQ_DONTWAIT | (last ? 0 : ZMQ_SNDMORE);
        int result;
        do {
            result = zmq_msg_send(frames[i].handle(), socket_.handle(), flags);
        } while (result < 0 && zmq_errno() == EINTR);
        if (result < 0) {
            // Refusals come with the first frame: libzmq keeps the rest of a message with its pipe.
            sent = zmq_errno() == EHOSTUNREACH ? Sent::unreachable : Sent::full;
            break;
        }
    }
    // Sending may have consumed the wake-up of a message that waits to be read.
    sent_ = true;
    if (!on_burst_end_) schedule_drain();
    return sent;
}

}  // namespace emostage
