// One ZeroMQ connection, made and made again by its client: messages in order and whole, late by
// something, lost with a cut. Half-open: both ends think that it is up, and nothing arrives.
//
// Between two connections there is no order. Nothing comes twice: ZeroMQ does not do that.
#pragma once

#include <functional>
#include <string>

#include "tests/sim/process.hpp"

namespace emostage::sim {

class Connection {
public:
    static constexpr milliseconds delay_max{5};  // of a message, one way

    struct Hooks {
        std::function<void()> up;    // at the client; in its loop
        std::function<void()> down;  // at the server, before anything of a later connection
        std::function<void(std::string)> to_server, to_client;
    };

    Connection(Context& context, Process& client, Process& server, Hooks hooks);

    // The client has started, or the server is there again.
    void connect_soon();
    // `rest_arrives`: what was sent before still gets there, as when a process dies and its kernel
    // sends the rest.
    void cut(bool rest_arrives = false);
    void go_half_open(milliseconds until_noticed);
    void lose(int thousandths) { lost_ = thousandths; }

    bool up() const { return up_; }
    // No message was under way in a fault since `since`.
    bool healthy_since(TimePoint since) const { return up_ && !half_open_ && up_since_ <= since; }
    std::uint64_t number() const { return number_; }  // another one after each cut

    // False: it is down, and the sender knows.
    bool send_to_server(std::string message);
    bool send_to_client(std::string message);

private:
    bool send(Process& to, TimePoint& last, const std::function<void(std::string)>& hand,
              std::string message);
    void try_connect(std::uint64_t attempt);

    Context& context_;
    Process& client_;
    Process& server_;
    Hooks hooks_;
    bool up_ = false, half_open_ = false;
    std::uint64_t number_ = 0, attempts_ = 0;
    std::uint64_t finishing_ = 0;  // the number of a connection whose rest arrives
    TimePoint up_since_{}, last_to_server_{}, last_to_client_{};
    int lost_ = 0;  // thousandths, to the client: what a full pipe drops
};

}  // namespace emostage::sim
