// A gateway's connection to the broker: turns in, their events out, in order and whole.
//
//     gateway::Client client(loop, context, config, gateway::system_random());
//     client.start();
//     auto turn = client.open({.session = "s1", .text = "…"}, sink);
//
// Nothing here blocks: commands that do not fit the socket wait with their turn (GatewayCore), at
// most config.turns_max of them. Sinks and the link handler are called on the loop's thread, from
// the loop, never from inside open(), join(), cancel(), leave() or abandon(); they must not destroy
// the client. One thread: the loop's.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "core/result.hpp"
#include "gateway/client/config.hpp"
#include "gateway/client/gateway_core.hpp"
#include "gateway/client/turn_ids.hpp"
#include "gateway/client/turn_sink.hpp"
#include "schemas/command.hpp"

namespace emostage::gateway {

inline constexpr const char* default_commands = "tcp://127.0.0.1:7701";
inline constexpr const char* default_events = "tcp://127.0.0.1:7702";

struct ClientConfig {
    Config core;
    std::string commands = default_commands;  // the broker's PULL
    std::string events = default_events;      // the broker's XPUB
    int events_waiting_max = 50'000;          // in the SUB socket; more are lost and then resumed
    int commands_waiting_max = 10'000;        // in the PUSH socket
};

// What `open` says; its turn id is made by the client unless given.
struct OpenRequest {
    std::string session;
    std::string text;
    std::optional<std::vector<wire::Utterance>> history = {};
    std::string locale = {};
    std::string pipeline = {};
    std::optional<milliseconds> deadline = {};
    wire::Priority priority = wire::Priority::normal;
    wire::OnBusy on_busy = wire::OnBusy::enqueue;
    wire::OnLost on_lost = wire::OnLost::go_on;
    std::string traceparent = {};
    std::string turn = {};
};

class Client {
public:
    using LinkHandler = std::function<void(Link)>;

    // Requires: config.core.gateway is an id. `loop` and `context` outlive the client.
    Client(asio::io_context& loop, zmq::context_t& context, ClientConfig config, RandomBits random);
    ~Client();  // says nothing to the sinks and cancels nothing
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Connects; the broker need not be there yet. Errc::io for an endpoint that is none,
    // Errc::invalid_field for the gateway's name.
    Result<void> start(LinkHandler on_link = {});

    // The turn's id. Errors as GatewayCore::open.
    Result<std::string> open(OpenRequest request, TurnSink& sink);
    Result<void> join(std::string turn, TurnSink& sink, std::uint64_t after = 0);
    void cancel(std::string_view turn);
    void leave(std::string_view turn, const TurnSink& sink);
    void abandon(std::string_view turn, const TurnSink& sink);

    Link link() const;
    const wire::Limits& limits() const;  // the broker's, once it said `hello`
    // What workers serve, the broker's default first where it is served; empty until it is told.
    const std::vector<std::string>& pipelines() const;
    const Counters& counters() const;
    std::size_t turns() const;
    std::uint64_t undecodable() const;  // event messages that were no events

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emostage::gateway
