// Messages to workers whose ZeroMQ pipe is full for the moment.
//
// A worker that reads slowly is waited for within bounds; past them its connection counts as lost,
// so that it cannot fill the broker's memory. Keeps each worker's messages in order. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/broker.hpp"

namespace emostage::broker {

class WorkerOutbox {
public:
    static constexpr std::size_t messages_max = 256;             // of one worker
    static constexpr std::size_t bytes_max = 16u * 1024 * 1024;  // of one worker

    enum class Sent : std::uint8_t { yes, full, unreachable };
    using Send = std::function<Sent(const Route& route, const std::string& message)>;

    explicit WorkerOutbox(Send send) : send_(std::move(send)) {}

    // False: the route is lost, and with it what waited for it.
    bool send(const Route& route, std::string message);
    // Tries everything that waits again. Returns the routes that are lost.
    std::vector<Route> retry();

    bool empty() const { return waiting_.empty(); }

private:
    struct Waiting {
        std::deque<std::string> messages;
        std::size_t bytes = 0;
    };

    Send send_;
    std::unordered_map<Route, Waiting> waiting_;
};

}  // namespace emostage::broker
