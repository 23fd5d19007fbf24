#include "bench/load/gateway_load.hpp"

#include "bench/load/dialogue.hpp"

namespace emostage::load {

gateway::ClientConfig client_config(const Connection& connection, std::size_t in_flight) {
    gateway::ClientConfig config;
    config.commands = connection.commands;
    config.events = connection.events;
    config.core.gateway = "bench-" + gateway::make_turn_id(gateway::system_random());
    config.core.turns_max = std::max(config.core.turns_max, in_flight);
    return config;
}

struct GatewayLoad::Person final : Turn {
    explicit Person(GatewayLoad& owner) : owner(owner) {}
    void on_event(const wire::Event& event) override {
        if (cancel_asked && std::holds_alternative<wire::Cancelled>(event.body)) {
            owner.cancels_.push_back({id, cancelled_at_unix_us});
        }
        owner.load_.on_event(*this, event, Clock::now());
        owner.arm();
    }
    GatewayLoad& owner;
    std::int64_t cancelled_at_unix_us = 0;
};

GatewayLoad::GatewayLoad(asio::io_context& loop, gateway::Client& client, Connection connection,
                         Plan plan, ReplyScript script)
    : loop_(loop),
      client_(client),
      connection_(std::move(connection)),
      timer_(loop),
      load_(std::move(plan), std::move(script), *this) {}

GatewayLoad::~GatewayLoad() { load_.stop(Clock::now()); }

bool GatewayLoad::run(Duration longest) {
    const TimePoint begun = Clock::now();
    load_.start(begun);
    arm();
    loop_.restart();
    while (!load_.over() && Clock::now() - begun < longest) {
        if (loop_.run_one_until(begun + longest) == 0 && loop_.stopped()) break;
    }
    const bool whole = load_.over();
    load_.stop(Clock::now());
    return whole;
}

Result<void> GatewayLoad::open(Turn& turn) {
    auto request = turn_of(turn.person, connection_.pipeline);
    request.deadline = connection_.deadline;
    if (turn.cancel_after != 0) {
        // So that the far end can say whose connection it was that closed.
        request.turn = gateway::make_turn_id(random_);
        request.traceparent = "00-" + request.turn + "-" + request.turn.substr(16) + "-01";
    }
    auto opened = client_.open(std::move(request), turn);
    if (!opened) return tl::unexpected(opened.error());
    turn.id = std::move(*opened);
    return {};
}

void GatewayLoad::cancel(Turn& turn) {
    const auto unix_time = std::chrono::system_clock::now().time_since_epoch();
    static_cast<Person&>(turn).cancelled_at_unix_us =
        std::chrono::duration_cast<std::chrono::microseconds>(unix_time).count();
    client_.cancel(turn.id);
}
void GatewayLoad::abandon(Turn& turn) { client_.abandon(turn.id, turn); }
std::unique_ptr<Turn> GatewayLoad::make_turn() { return std::make_unique<Person>(*this); }

void GatewayLoad::arm() {
    const auto at = load_.next_time();
    if (at == armed_at_) return;
    armed_at_ = at;
    if (!at) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(*at);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
        if (error || alive.expired()) return;
        armed_at_.reset();
        load_.on_time(Clock::now());
        arm();
    });
}

}  // namespace emostage::load
