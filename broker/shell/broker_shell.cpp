#include "broker/shell/broker_shell.hpp"

#include <asio/post.hpp>
#include <utility>
#include <variant>

#include "core/codec/codec.hpp"
#include "core/log/log.hpp"

namespace emostage::broker {
namespace {

// "\x01" topic: a subscription; "\x00" topic: its end. https://rfc.zeromq.org/spec/29/
constexpr char subscribe = '\x01';
constexpr char unsubscribe = '\x00';

std::size_t bytes_of(const ZmqSocket::Frames& frames) {
    std::size_t bytes = 0;
    for (const auto& frame : frames) bytes += frame.size();
    return bytes;
}

// tcp://[::ffff:127.0.0.1]:7701, as an IPv6 socket sees an IPv4 address, is tcp://127.0.0.1:7701.
std::string as_configured(std::string endpoint) {
    constexpr std::string_view mapped = "tcp://[::ffff:";
    const auto bracket = endpoint.rfind(']');
    if (!endpoint.starts_with(mapped) || bracket == std::string::npos) return endpoint;
    return "tcp://" + endpoint.substr(mapped.size(), bracket - mapped.size()) +
           endpoint.substr(bracket + 1);
}

}  // namespace

BrokerShell::BrokerShell(asio::io_context& loop, const BrokerOptions& options, Restored restored,
                         std::unique_ptr<CommitSink> sink)
    : loop_(loop),
      options_(options),
      commands_(loop, context_, zmq::socket_type::pull),
      events_(loop, context_, zmq::socket_type::xpub),
      workers_(loop, context_, zmq::socket_type::router),
      connections_(loop, context_, zmq::socket_type::pair),
      batches_(restored.broker),
      outbox_([this](const Route& route, const std::string& message) {
          switch (workers_.send(route, message)) {
              case ZmqSocket::Sent::yes:
                  return WorkerOutbox::Sent::yes;
              case ZmqSocket::Sent::full:
                  return WorkerOutbox::Sent::full;
              case ZmqSocket::Sent::unreachable:
                  return WorkerOutbox::Sent::unreachable;
          }
          return WorkerOutbox::Sent::unreachable;
      }),
      core_(options.core, std::move(restored), *this, now()),
      timer_(loop),
      outbox_timer_(loop),
      drain_timer_(loop),
      probe_timer_(loop),
      alive_(std::make_shared<bool>(true)),
      sink_(std::move(sink)) {
    commands_.raw().set(zmq::sockopt::rcvhwm, commands_waiting_max);
    events_.raw().set(zmq::sockopt::rcvhwm, subscriptions_waiting_max);
    events_.raw().set(zmq::sockopt::sndhwm, static_cast<int>(options.subscriber_messages_max));
    events_.raw().set(zmq::sockopt::xpub_verboser, 1);
    workers_.raw().set(zmq::sockopt::rcvhwm, worker_messages_waiting_max);
    workers_.raw().set(zmq::sockopt::sndhwm, worker_pipe_messages_max);
    workers_.raw().set(zmq::sockopt::router_mandatory, true);
}

BrokerShell::~BrokerShell() { *alive_ = false; }

Result<void> BrokerShell::open() {
    auto bound = bind(events_, locks_[0], options_.events, Socket::events);
    if (bound) bound = bind(workers_, locks_[1], options_.workers, Socket::workers);
    if (bound) bound = bind(commands_, locks_[2], options_.commands, Socket::commands);
    if (bound) bound = watch_connections();
    if (!bound) return bound;
    const auto burst_end = [this] {
        if (settling_) settle();
    };
    events_.start([this](Frames& frames) { on_subscription(frames); }, {}, burst_end);
    workers_.start([this](Frames& frames) { on_worker(frames); }, {}, burst_end);
    commands_.start([this](Frames& frames) { on_command(frames); }, {}, burst_end);
    settle_soon();
    return {};
}

Result<void> BrokerShell::bind(ZmqSocket& socket, IpcLock& lock, const std::string& endpoint,
                               Socket which) {
    auto bound = lock.acquire(endpoint);
    if (bound) bound = socket.bind(endpoint);
    if (bound) return {};
    return fail(Errc::io, bound.error().message + "; it is the endpoint of `" +
                              std::string(name(which)) +
                              "`: stop what uses it, or choose another with " +
                              config::Settings::flag_of(name(which)));
}

// A killed worker's connection ends at once; the ROUTER says so only to who sends to it.
Result<void> BrokerShell::watch_connections() {
    const std::string endpoint = "inproc://connections-of-workers";
    if (::zmq_socket_monitor(workers_.raw().handle(), endpoint.c_str(), ZMQ_EVENT_DISCONNECTED) !=
        0) {
        return fail(Errc::io, "connections of workers cannot be watched: " +
                                  std::string(::zmq_strerror(::zmq_errno())));
    }
    if (auto connected = connections_.connect(endpoint); !connected) return connected;
    connections_.start([this](Frames&) { probe_soon(); });
    return {};
}

void BrokerShell::probe_soon() {
    if (std::exchange(probing_, true)) return;
    probe_timer_.expires_after(probe_after);
    probe_timer_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (error || !*alive) return;
        probing_ = false;
        core_.on(Probe{}, now());
        settle_soon();
    });
}

BrokerShell::Endpoints BrokerShell::endpoints() const {
    return {as_configured(commands_.last_endpoint()), as_configured(events_.last_endpoint()),
            as_configured(workers_.last_endpoint())};
}

void BrokerShell::on_command(Frames& frames) {
    traffic_.received_on(Socket::commands).add(bytes_of(frames));
    const Now at = now();
    auto command = frames.size() == 1
                       ? codec::decode_command(frames[0].to_string_view(), options_.core.limits)
                       : tl::unexpected(codec::BadCommand{
                             "", "", Error{Errc::malformed, "a command is one frame"}});
    if (command) {
        std::visit([&](auto& known) { core_.on(std::move(known), at); }, *command);
    } else {
        count_bad(Socket::commands, command.error().error.code);
        core_.on(command.error(), at);
    }
    settle_soon();
}

void BrokerShell::on_subscription(Frames& frames) {
    traffic_.received_on(Socket::events).add(bytes_of(frames));
    const std::string_view message = frames[0].to_string_view();
    const bool known = frames.size() == 1 && !message.empty() &&
                       (message.front() == subscribe || message.front() == unsubscribe);
    if (!known) return count_bad(Socket::events, Errc::malformed);
    // Prefixes of topics are legal subscriptions, but nobody's own: no hello.
    const std::string_view topic = message.substr(1);
    if (message.front() != subscribe || !topic.ends_with('/')) return;
    const std::string_view gateway = topic.substr(0, topic.size() - 1);
    if (!gateway.empty() && !codec::is_id(gateway)) return;
    core_.on(Subscribed{std::string(gateway)}, now());
    settle_soon();
}

void BrokerShell::on_worker(Frames& frames) {
    traffic_.received_on(Socket::workers).add(bytes_of(frames));
    if (frames.size() != 2) return count_bad(Socket::workers, Errc::malformed);
    auto message = codec::decode_from_worker(frames[1].to_string_view());
    if (!message) return count_bad(Socket::workers, message.error().code);
    core_.on(FromWorker{frames[0].to_string(), std::move(*message)}, now());
    settle_soon();
}

void BrokerShell::count_bad(Socket socket, Errc code) {
    ++traffic_.bad_on(socket);
    log::Throttle& throttle = bad_throttle_[static_cast<std::size_t>(socket)];
    if (!throttle.pass(Clock::now())) return;
    log::warn(
        "message not understood",
        {{"socket", name(socket)}, {"code", name(code)}, {"not_logged", throttle.take_withheld()}});
}

void BrokerShell::publish(std::string_view gateway, const wire::Event& event) {
    if (const auto* rejected = std::get_if<wire::Rejected>(&event.body)) {
        ++traffic_.rejected_with(rejected->code);
    }
    batches_.add(gateway, event);
    if (batches_.full()) flush();
    settle_soon();
}

void BrokerShell::send(const Route& route, const wire::ToWorker& message) {
    if (lost_.contains(route)) return;
    std::string encoded = codec::encode_to_worker(message);
    traffic_.sent_on(Socket::workers).add(encoded.size());
    if (!outbox_.send(route, std::move(encoded))) lose(route);
    arm_outbox();
}

// Its end may be told on another thread, or before this returns.
void BrokerShell::commit(Commit commit) {
    sink_->commit(std::move(commit), [this](Committed committed) {
        post([this, committed] {
            core_.on(committed, now());
            settle_soon();
        });
    });
}

// The core may be in the middle of a decision: it is told in a loop turn of its own.
void BrokerShell::lose(const Route& route) {
    if (!lost_.insert(route).second) return;
    ++traffic_.unreachable;
    post([this, route] {
        lost_.erase(route);
        core_.on(Unreachable{route}, now());
        settle_soon();
    });
}

void BrokerShell::arm_outbox() {
    if (outbox_armed_ || outbox_.empty()) return;
    outbox_armed_ = true;
    outbox_timer_.expires_after(outbox_retry);
    outbox_timer_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (error || !*alive) return;
        outbox_armed_ = false;
        for (const Route& route : outbox_.retry()) lose(route);
        arm_outbox();
        settle_soon();
    });
}

void BrokerShell::settle_soon() {
    if (settling_) return;
    settling_ = true;
    if (events_.in_burst() || workers_.in_burst() || commands_.in_burst()) return;  // at its end
    post([this] { settle(); });
}

void BrokerShell::settle() {
    settling_ = false;
    flush();
    events_.look();
    workers_.look();
    arm_timer();
}

void BrokerShell::flush() {
    if (batches_.empty()) return;
    batches_.flush([this](std::string_view topic, std::string_view body) {
        traffic_.sent_on(Socket::events).add(topic.size() + body.size());
        events_.send(topic,
                     body);  // never full: an XPUB drops what a slow subscriber does not take
    });
}

void BrokerShell::arm_timer() {
    const auto next = core_.next_time();
    if (!next) {
        armed_for_.reset();
        timer_.cancel();
        return;
    }
    if (armed_for_ == next) return;
    armed_for_ = next;
    timer_.expires_at(*next);
    timer_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (error || !*alive) return;
        armed_for_.reset();
        core_.on(Tick{}, now());
        settle_soon();
    });
}

void BrokerShell::drain(std::function<void()> done) {
    drained_ = std::move(done);
    drain_until_ = Clock::now() + options_.drain;
    core_.on(Drain{}, now());
    settle_soon();
    check_drained();
}

void BrokerShell::check_drained() {
    const Snapshot left = snapshot();
    const bool ended = left.queued == 0 && left.running == 0;
    if ((ended && left.unstored == 0) || Clock::now() >= *drain_until_) {
        flush();
        log::info("drained", {{"turns_left", left.queued + left.running}});
        post(std::exchange(drained_, nullptr));
        return;
    }
    drain_timer_.expires_after(drain_check);
    drain_timer_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (!error && *alive) check_drained();
    });
}

void BrokerShell::close() {
    flush();
    for (ZmqSocket* socket : {&events_, &workers_}) {
        socket->raw().set(zmq::sockopt::linger, static_cast<int>(farewell.count()));
    }
}

void BrokerShell::post(std::function<void()> act) {
    asio::post(loop_, [alive = alive_, act = std::move(act)] {
        if (*alive) act();
    });
}

}  // namespace emostage::broker
