#include "tests/sim/connection.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds reconnect_least{10}, reconnect_most{150};

}  // namespace

Connection::Connection(Context& context, Process& client, Process& server, Hooks hooks)
    : context_(context), client_(client), server_(server), hooks_(std::move(hooks)) {}

void Connection::connect_soon() {
    if (up_) return;
    const auto attempt = ++attempts_;
    context_.timeline.after(context_.random.between(reconnect_least, reconnect_most),
                            [this, attempt] { try_connect(attempt); });
}

void Connection::try_connect(std::uint64_t attempt) {
    if (attempt != attempts_ || up_ || !client_.alive()) return;
    if (!server_.reachable() || client_.stopped()) return connect_soon();
    up_ = true;
    half_open_ = false;
    ++number_;
    up_since_ = last_to_server_ = last_to_client_ = context_.timeline.now();
    if (hooks_.up) client_.deliver(hooks_.up);
}

void Connection::cut(bool rest_arrives) {
    if (!up_) return;
    finishing_ = rest_arrives && !half_open_ ? number_ : 0;
    up_ = half_open_ = false;
    ++number_;
    if (hooks_.down) hooks_.down();
    connect_soon();
}

void Connection::go_half_open(milliseconds until_noticed) {
    if (!up_ || half_open_) return;
    half_open_ = true;
    context_.timeline.after(until_noticed, [this, number = number_] {
        if (number == number_) cut();
    });
}

bool Connection::send_to_server(std::string message) {
    return send(server_, last_to_server_, hooks_.to_server, std::move(message));
}

bool Connection::send_to_client(std::string message) {
    if (up_ && lost_ && context_.random.chance(lost_)) return true;
    return send(client_, last_to_client_, hooks_.to_client, std::move(message));
}

bool Connection::send(Process& to, TimePoint& last, const std::function<void(std::string)>& hand,
                      std::string message) {
    if (!up_) return false;
    if (half_open_) return true;
    last = std::max(last, context_.timeline.now() + context_.random.between(0ms, delay_max));
    context_.timeline.at(last, [this, &to, &hand, number = number_, life = to.life(),
                                message = std::move(message)]() mutable {
        if (life != to.life()) return;
        if (number == number_ ? half_open_ : number != finishing_) return;
        to.deliver([&hand, message = std::move(message)] { hand(message); });
    });
    return true;
}

}  // namespace emostage::sim
