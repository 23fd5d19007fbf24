// A broker shell with the real core on real sockets, and gateways and workers that say what a test
// wants. One thread: run_until() turns the loop and lets everybody read.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "broker/shell/broker_shell.hpp"
#include "core/codec/codec.hpp"
#include "tests/patience.hpp"

namespace emostage::broker::test {

using namespace std::chrono_literals;

inline BrokerOptions options_for_test() {
    BrokerOptions options;
    options.commands = options.events = options.workers = "tcp://127.0.0.1:*";
    options.admin.reset();
    options.core.beat = 50ms;
    options.core.fence = 5'000ms;
    return options;
}

// A socket of a peer; its context outlives it.
class Peer {
public:
    Peer(zmq::context_t& context, zmq::socket_type type, const std::string& endpoint)
        : socket_(context, type) {
        socket_.set(zmq::sockopt::linger, 0);
        if (type == zmq::socket_type::sub) socket_.set(zmq::sockopt::rcvhwm, 100'000);
        socket_.connect(endpoint);
    }
    zmq::socket_t& raw() { return socket_; }

    void send(const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const bool last = i + 1 == frames.size();
            ASSERT_TRUE(socket_.send(zmq::buffer(frames[i]),
                                     last ? zmq::send_flags::none : zmq::send_flags::sndmore));
        }
    }
    // One whole message, or nothing.
    std::vector<std::string> receive() {
        std::vector<std::string> frames;
        zmq::message_t frame;
        if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return frames;
        frames.push_back(frame.to_string());
        while (frame.more() && socket_.recv(frame)) frames.push_back(frame.to_string());
        return frames;
    }

private:
    zmq::socket_t socket_;
};

class Subscriber {
public:
    Subscriber(zmq::context_t& context, const std::string& endpoint, const std::string& topic)
        : peer_(context, zmq::socket_type::sub, endpoint) {
        peer_.raw().set(zmq::sockopt::subscribe, topic);
    }
    void read() {
        for (auto frames = peer_.receive(); !frames.empty(); frames = peer_.receive()) {
            ASSERT_EQ(frames.size(), 2u);
            const auto batch = codec::decode_events(frames[1]);
            ASSERT_TRUE(batch) << batch.error().message;
            batches.push_back(*batch);
            events.insert(events.end(), batch->events.begin(), batch->events.end());
        }
    }
    template <class T>
    std::vector<wire::Event> of() const {
        std::vector<wire::Event> found;
        for (const auto& event : events) {
            if (std::holds_alternative<T>(event.body)) found.push_back(event);
        }
        return found;
    }
    template <class T>
    const T* last() const {
        for (auto at = events.rbegin(); at != events.rend(); ++at) {
            if (const T* body = std::get_if<T>(&at->body)) return body;
        }
        return nullptr;
    }

    std::vector<wire::EventBatch> batches;
    std::vector<wire::Event> events;

private:
    Peer peer_;
};

class FakeWorker {
public:
    FakeWorker(zmq::context_t& context, const std::string& endpoint, std::string name)
        : peer_(std::make_unique<Peer>(context, zmq::socket_type::dealer, endpoint)),
          name_(std::move(name)) {
        say(wire::Ready{name_, name_ + "-instance", 8, {"emostage"}});
    }
    void say(const wire::FromWorker& message) {
        if (peer_) peer_->send({codec::encode_from_worker(message)});
    }
    // Answers each BeatAck with a beat, as a worker that is alive does in its own rhythm.
    void read() {
        if (!peer_) return;
        for (auto frames = peer_->receive(); !frames.empty(); frames = peer_->receive()) {
            ASSERT_EQ(frames.size(), 1u);
            const auto message = codec::decode_to_worker(frames[0]);
            ASSERT_TRUE(message) << message.error().message;
            received.push_back(*message);
            if (const auto* lease = std::get_if<wire::Lease>(&*message)) leases.push_back(*lease);
            if (std::holds_alternative<wire::BeatAck>(*message)) beat();
        }
    }
    void beat() {
        wire::Beat beat{name_ + "-instance", ++beats_, {}, false};
        for (const auto& lease : leases) beat.leases.push_back(lease.lease);
        say(beat);
    }
    void output(std::uint64_t ordinal, std::vector<wire::RunEvent> events) {
        say(wire::Output{leases.back().lease, ordinal, std::move(events)});
    }
    void die() { peer_.reset(); }

    std::vector<wire::ToWorker> received;
    std::vector<wire::Lease> leases;

private:
    std::unique_ptr<Peer> peer_;
    std::string name_;
    std::uint64_t beats_ = 0;
};

class ShellScene {
public:
    explicit ShellScene(BrokerOptions options = options_for_test())
        : shell(std::make_unique<BrokerShell>(loop, options, empty_state("b1"),
                                              std::make_unique<MemoryOnly>())) {
        const auto opened = shell->open();
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        endpoints = shell->endpoints();
    }

    Subscriber& subscribe(const std::string& topic) {
        subscribers_.push_back(std::make_unique<Subscriber>(context_, endpoints.events, topic));
        return *subscribers_.back();
    }
    // A gateway whose subscription is live.
    Subscriber& gateway(const std::string& name) {
        Subscriber& subscriber = subscribe(name + "/");
        EXPECT_TRUE(run_until([&] { return !subscriber.of<wire::Hello>().empty(); }));
        return subscriber;
    }
    FakeWorker& worker(const std::string& name) {
        workers_.push_back(std::make_unique<FakeWorker>(context_, endpoints.workers, name));
        return *workers_.back();
    }
    Peer& peer(zmq::socket_type type, const std::string& endpoint) {
        peers_.push_back(std::make_unique<Peer>(context_, type, endpoint));
        return *peers_.back();
    }
    void push(const std::vector<std::string>& frames) {
        if (!pusher_) pusher_ = &peer(zmq::socket_type::push, endpoints.commands);
        pusher_->send(frames);
    }
    void push(const wire::Command& command) { push({codec::encode_command(command)}); }
    void open(const std::string& turn, const std::string& gateway = "g1") {
        wire::Open open;
        open.gateway = gateway;
        open.turn = turn;
        open.session = "s-" + turn;
        open.text = "hello";
        push(wire::Command(open));
    }

    // False when patience ended first.
    bool run_until(const std::function<bool()>& reached) {
        const auto until = std::chrono::steady_clock::now() + emostage::test::patience;
        while (!reached()) {
            if (std::chrono::steady_clock::now() > until) return false;
            loop.restart();
            loop.run_one_for(1ms);
            loop.poll();
            for (auto& subscriber : subscribers_) subscriber->read();
            for (auto& worker : workers_) worker->read();
        }
        return true;
    }
    std::uint64_t bad(Socket socket) const {
        return shell->traffic().bad[static_cast<std::size_t>(socket)];
    }

    asio::io_context loop;
    std::unique_ptr<BrokerShell> shell;
    BrokerShell::Endpoints endpoints;

private:
    zmq::context_t context_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::vector<std::unique_ptr<FakeWorker>> workers_;
    std::vector<std::unique_ptr<Peer>> peers_;
    Peer* pusher_ = nullptr;
};

}  // namespace emostage::broker::test
