// The broker's side of the contract for tests, on real sockets: hello to each subscription, turns
// from a script, replays from what it keeps, beacons. What it loses on purpose is the test's
// choice.
//
// One thread: the loop's.
#pragma once

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "core/codec/codec.hpp"
#include "core/loop/zmq_socket.hpp"
#include "tests/gateway/client/script.hpp"
#include "tests/patience.hpp"
#include "tests/run_until.hpp"

namespace emostage::gateway::test {

class ScriptedBroker {
public:
    // The numbered events of an open's turn. Where the list ends without an end, the turn stays
    // live.
    using Script = std::function<std::vector<wire::Event>(const wire::Open&)>;

    ScriptedBroker(asio::io_context& loop, zmq::context_t& context, Script script)
        : loop_(loop), context_(context), script_(std::move(script)), beat_(loop) {
        start("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    }

    const std::string& commands_endpoint() const { return commands_endpoint_; }
    const std::string& events_endpoint() const { return events_endpoint_; }

    // Kills it: its turns are gone. start_again() is another broker at the same place.
    void stop() {
        beat_.cancel();
        commands_.reset();
        events_.reset();
        kept_.clear();
    }
    void start_again(std::string id) {
        broker = std::move(id);
        start(commands_endpoint_, events_endpoint_);
    }

    // Appends to a live turn, with the next numbers.
    void say_more(const std::string& turn, std::vector<wire::EventBody> bodies) {
        auto& kept = kept_.at(turn);
        for (auto& body : bodies) {
            kept.events.push_back(event(kept.events.size() + 1, std::move(body), 1, turn));
            publish(kept.gateway, {kept.events.back()});
        }
    }
    bool has(const std::string& turn) const { return kept_.count(turn) != 0; }

    std::function<bool(const wire::Event&)> loses = [](const wire::Event&) { return false; };
    std::function<void(const wire::Command&)> on_command = [](const wire::Command&) {};
    bool hello = true;
    wire::Limits limits;
    std::string broker = "b1";
    std::vector<wire::Command> commands;
    int subscriptions = 0;

private:
    struct Kept {
        std::string gateway;
        std::vector<wire::Event> events;
    };

    void start(const std::string& commands, const std::string& events) {
        commands_ = std::make_unique<ZmqSocket>(loop_, context_, zmq::socket_type::pull);
        events_ = std::make_unique<ZmqSocket>(loop_, context_, zmq::socket_type::xpub);
        events_->raw().set(zmq::sockopt::xpub_verboser, true);
        bind(*commands_, commands);
        bind(*events_, events);
        commands_endpoint_ = commands_->last_endpoint();
        events_endpoint_ = events_->last_endpoint();
        commands_->start([this](ZmqSocket::Frames& frames) {
            auto command = codec::decode_command(frames[0].to_string_view(), limits);
            if (!command) throw std::runtime_error("not a command");
            commands_seen(*command);
        });
        events_->start([this](ZmqSocket::Frames& frames) {
            const auto said = frames[0].to_string_view();
            if (said.empty() || said[0] != '\x01') return;
            if (said == "\x01/") return;  // news for all
            ++subscriptions;
            if (hello) publish(std::string(said.substr(1, said.size() - 2)), {hello_event()});
        });
        beat();
    }

    // libzmq closes a socket's port a moment after the socket.
    void bind(ZmqSocket& socket, const std::string& endpoint) {
        const auto until = std::chrono::steady_clock::now() + emostage::test::patience;
        for (;;) {
            const auto bound = socket.bind(endpoint);
            if (bound) return;
            if (std::chrono::steady_clock::now() > until) throw std::runtime_error("cannot bind");
        }
    }

    wire::Event hello_event() const { return event(0, wire::Hello{1, limits}, 0, ""); }

    void commands_seen(const wire::Command& command) {
        commands.push_back(command);
        on_command(command);
        if (const auto* open = std::get_if<wire::Open>(&command)) {
            auto& kept = kept_[open->turn];
            if (kept.events.empty()) {
                kept.gateway = open->gateway;
                kept.events = script_(*open);
            }
            replay(open->turn, 0);
        } else if (const auto* resume = std::get_if<wire::Resume>(&command)) {
            kept_.count(resume->turn) != 0 ? replay(resume->turn, resume->after)
                                           : refuse(resume->gateway, resume->turn);
        } else if (const auto* cancel = std::get_if<wire::Cancel>(&command)) {
            if (kept_.count(cancel->turn) == 0) return refuse(cancel->gateway, cancel->turn);
            auto& kept = kept_.at(cancel->turn);
            if (!kept.events.empty() && wire::is_end(kept.events.back().body)) {
                return publish(kept.gateway, {kept.events.back()});
            }
            say_more(cancel->turn, {wire::Cancelled{"requested"}});
        }
    }

    void refuse(const std::string& gateway, const std::string& turn) {
        publish(gateway, {event(0, wire::Rejected{Errc::unknown_turn, "not here", {}}, 0, turn)});
    }

    // Deltas next to one another are merged, as a broker may.
    void replay(const std::string& turn, std::uint64_t after) {
        const auto& kept = kept_.at(turn);
        const auto is_delta = [&](std::size_t i) {
            return i < kept.events.size() &&
                   std::holds_alternative<wire::Delta>(kept.events[i].body);
        };
        for (std::size_t i = after; i < kept.events.size(); ++i) {
            if (after == 0 || !is_delta(i)) {
                publish(kept.gateway, {kept.events[i]});
                continue;
            }
            const auto first = i;
            while (is_delta(i + 1)) ++i;
            publish(kept.gateway, {merged(kept.events, first + 1, i + 1)});
        }
    }

    void publish(const std::string& gateway, std::vector<wire::Event> events) {
        std::erase_if(events, [&](const wire::Event& one) { return loses(one); });
        if (events.empty()) return;
        events_->send(gateway + "/", codec::encode_events({broker, std::move(events)}));
    }

    void beat() {
        beat_.expires_after(std::chrono::milliseconds(50));
        beat_.async_wait([this](const asio::error_code& error) {
            if (error) return;
            std::map<std::string, wire::Beacon> beacons;
            for (const auto& [turn, kept] : kept_) {
                beacons[kept.gateway].live.emplace_back(turn, kept.events.size());
            }
            for (auto& [gateway, beacon] : beacons) publish(gateway, {event(0, beacon, 0, "")});
            beat();
        });
    }

    asio::io_context& loop_;
    zmq::context_t& context_;
    Script script_;
    asio::steady_timer beat_;
    std::unique_ptr<ZmqSocket> commands_, events_;
    std::string commands_endpoint_, events_endpoint_;
    std::map<std::string, Kept> kept_;
};

using emostage::test::run_until;

}  // namespace emostage::gateway::test
