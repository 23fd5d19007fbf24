// A load over a gateway's connection: the client library, a timer, and the loop's clock.
//
// One thread: the loop's. Destroyed only when the loop does not run.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "bench/load/load.hpp"
#include "gateway/client/client.hpp"

namespace emostage::load {

struct Connection {
    std::string commands = gateway::default_commands;
    std::string events = gateway::default_events;
    std::string pipeline;                  // empty: the broker's default
    std::optional<milliseconds> deadline;  // of each turn; nothing: the broker's
};

// As many as a broker is asked for at once: opens that wait and run.
inline constexpr std::size_t in_flight_max = 60'000;

// The client of a program that loads, which gives up on nothing that may still come.
gateway::ClientConfig client_config(const Connection& connection, std::size_t in_flight);

class GatewayLoad final : public Ports {
public:
    // `client` is started.
    GatewayLoad(asio::io_context& loop, gateway::Client& client, Connection connection, Plan plan,
                ReplyScript script);
    ~GatewayLoad() override;
    GatewayLoad(const GatewayLoad&) = delete;
    GatewayLoad& operator=(const GatewayLoad&) = delete;

    // Runs the loop until the load is over, or `longest` has passed. False: it had to be stopped.
    bool run(Duration longest);
    void stop() { load_.stop(Clock::now()); }

    const Meter& meter() const { return load_.meter(); }
    std::size_t in_flight() const { return load_.in_flight(); }

    struct Cancel {
        std::string trace;            // the trace id that its model server was sent
        std::int64_t at_unix_us = 0;  // when it was asked for
    };
    // Of those turns that ended by it.
    const std::vector<Cancel>& cancels() const { return cancels_; }

private:
    struct Person;

    Result<void> open(Turn& turn) override;
    void cancel(Turn& turn) override;
    void abandon(Turn& turn) override;
    std::unique_ptr<Turn> make_turn() override;
    void arm();

    asio::io_context& loop_;
    gateway::Client& client_;
    Connection connection_;
    asio::steady_timer timer_;
    std::optional<TimePoint> armed_at_;
    gateway::RandomBits random_ = gateway::system_random();
    std::vector<Cancel> cancels_;
    Load load_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace emostage::load
