// The broker without its sockets: bytes go in, bytes come out, as in broker/shell/broker_shell.cpp,
// on a clock that the script moves. All that the broker does is counted.
//
// Durable: each commit counts as stored in the next turn of the loop, and is thrown away. One
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gate/mail.hpp"
#include "broker/broker.hpp"
#include "broker/shell/event_batches.hpp"

namespace emostage::gate {

class BrokerHost final : private broker::Outputs {
public:
    struct Received {  // from a worker
        std::string_view route;
        std::string bytes;
    };

    // Throws std::logic_error where something that is sent to it cannot be decoded.
    explicit BrokerHost(broker::Config config);

    // Each is one turn of the loop, with all that is ready in it.
    void subscribed(const std::string& gateway);
    void commanded(std::string_view bytes);
    void received(const std::vector<Received>& ready);

    void advance(Duration by);  // timers included
    Now now() const { return now_; }
    broker::Snapshot snapshot() const { return core_.snapshot(now_); }

    Mail to_workers;   // by route
    Mail to_gateways;  // by topic

private:
    void publish(std::string_view gateway, const wire::Event& event) override;
    void send(const broker::Route& route, const wire::ToWorker& message) override;
    void commit(broker::Commit commit) override;

    template <class Work>
    void loop_turn(Work&& work);
    void flush();
    void move_to(TimePoint at);

    Now now_;
    broker::EventBatches batches_;
    broker::Broker core_;
    std::optional<TimePoint> next_;  // that the timer is set to
    std::optional<broker::Commit> commit_;
};

}  // namespace emostage::gate
