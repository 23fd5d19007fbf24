#include "gateway/client/client.hpp"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "core/codec/codec.hpp"
#include "core/loop/zmq_socket.hpp"

namespace emostage::gateway {

namespace {

constexpr std::string_view topic_for_all = "/";

}  // namespace

struct Client::Impl final : Outputs, std::enable_shared_from_this<Client::Impl> {
    Impl(asio::io_context& loop, zmq::context_t& context, ClientConfig given, RandomBits bits)
        : loop(loop),
          config(std::move(given)),
          random(std::move(bits)),
          topic(config.core.gateway + "/"),
          timer(loop),
          push_socket(loop, context, zmq::socket_type::push),
          sub_socket(loop, context, zmq::socket_type::sub),
          core(config.core, *this, now()) {}

    Result<void> connect() {
        if (!codec::is_id(config.core.gateway)) {
            return fail(Errc::invalid_field, "gateway must be 1 to 64 of A-Z a-z 0-9 . _ : -");
        }
        // A command never waits for a broker that is not there: it would reach the next one, late.
        push_socket.raw().set(zmq::sockopt::immediate, true);
        push_socket.raw().set(zmq::sockopt::sndhwm, config.commands_waiting_max);
        sub_socket.raw().set(zmq::sockopt::rcvhwm, config.events_waiting_max);
        sub_socket.raw().set(zmq::sockopt::subscribe, topic);
        sub_socket.raw().set(zmq::sockopt::subscribe, std::string(topic_for_all));
        if (auto connected = push_socket.connect(config.commands); !connected) return connected;
        if (auto connected = sub_socket.connect(config.events); !connected) return connected;
        sub_socket.start([this](ZmqSocket::Frames& frames) { on_message(frames); });
        arm();
        return {};
    }

    void on_message(ZmqSocket::Frames& frames) {
        const bool mine = frames.size() == 2 && frames[0].to_string_view() == topic;
        const bool news = frames.size() == 2 && frames[0].to_string_view() == topic_for_all;
        if (!mine && !news) {
            ++undecodable;
            return;
        }
        auto batch = codec::decode_events(frames[1].to_string_view());
        if (!batch) {
            ++undecodable;  // what it carried shows as a gap
            return;
        }
        if (news) return core.on_news(std::move(*batch));
        core.on(std::move(*batch), now());
        arm();
    }

    // The timer is set anew only when the time has changed, which the flow of deltas does not do.
    void arm() {
        const auto at = core.next_time();
        if (at == armed_at) return;
        armed_at = at;
        if (!at) {
            timer.cancel();
            return;
        }
        timer.expires_at(*at);
        timer.async_wait([weak = weak_from_this()](const asio::error_code& error) {
            const auto self = weak.lock();
            if (error || !self) return;
            self->armed_at.reset();
            self->core.on_time(now());
            self->arm();
        });
    }

    bool push(std::string_view command) override {
        return push_socket.send(command) == ZmqSocket::Sent::yes;
    }
    void resubscribe() override {
        sub_socket.raw().set(zmq::sockopt::unsubscribe, topic);
        sub_socket.raw().set(zmq::sockopt::subscribe, topic);
    }
    void on_link(Link link) override {
        // Later, so that the handler may open turns.
        asio::post(loop, [weak = weak_from_this(), link] {
            const auto self = weak.lock();
            if (self && self->link_handler) self->link_handler(link);
        });
    }

    asio::io_context& loop;
    ClientConfig config;
    RandomBits random;
    std::string topic;
    asio::steady_timer timer;
    std::optional<TimePoint> armed_at;
    ZmqSocket push_socket;
    ZmqSocket sub_socket;
    LinkHandler link_handler;
    std::uint64_t undecodable = 0;
    GatewayCore core;
};

Client::Client(asio::io_context& loop, zmq::context_t& context, ClientConfig config,
               RandomBits random)
    : impl_(std::make_shared<Impl>(loop, context, std::move(config), std::move(random))) {}

Client::~Client() = default;

Result<void> Client::start(LinkHandler on_link) {
    impl_->link_handler = std::move(on_link);
    return impl_->connect();
}

Result<std::string> Client::open(OpenRequest request, TurnSink& sink) {
    wire::Open open;
    open.turn = request.turn.empty() ? make_turn_id(impl_->random) : std::move(request.turn);
    open.session = std::move(request.session);
    open.text = std::move(request.text);
    open.history = std::move(request.history);
    open.locale = std::move(request.locale);
    open.pipeline = std::move(request.pipeline);
    open.deadline = request.deadline;
    open.priority = request.priority;
    open.on_busy = request.on_busy;
    open.on_lost = request.on_lost;
    open.traceparent = std::move(request.traceparent);
    std::string turn = open.turn;
    auto opened = impl_->core.open(std::move(open), sink, now());
    impl_->arm();
    if (!opened) return tl::unexpected(opened.error());
    return turn;
}

Result<void> Client::join(std::string turn, TurnSink& sink, std::uint64_t after) {
    auto joined = impl_->core.join(std::move(turn), after, sink, now());
    impl_->arm();
    return joined;
}

void Client::cancel(std::string_view turn) {
    impl_->core.cancel(turn, now());
    impl_->arm();
}

void Client::leave(std::string_view turn, const TurnSink& sink) {
    impl_->core.leave(turn, sink, now());
    impl_->arm();
}

void Client::abandon(std::string_view turn, const TurnSink& sink) {
    impl_->core.abandon(turn, sink, now());
    impl_->arm();
}

Link Client::link() const { return impl_->core.link(); }
const wire::Limits& Client::limits() const { return impl_->core.limits(); }
const std::vector<std::string>& Client::pipelines() const { return impl_->core.pipelines(); }
const Counters& Client::counters() const { return impl_->core.counters(); }
std::size_t Client::turns() const { return impl_->core.turns(); }
std::uint64_t Client::undecodable() const { return impl_->undecodable; }

}  // namespace emostage::gateway
