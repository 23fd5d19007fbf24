// Events that are ready, merged into one message for each gateway.
//
// Holds what was published since the last flush, in order, and encodes it: at most
// wire::events_per_batch_max events and about `message_bytes_max` bytes a message. No socket and no
// timer; the owner flushes at the end of its loop turn.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schemas/event.hpp"

namespace emostage::broker {

class EventBatches {
public:
    // A message ends with the event that exceeds it: one event alone may be larger.
    static constexpr std::size_t message_bytes_max = 64 * 1024;
    // Of all gateways together; with more the owner should flush at once.
    static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;

    // Gets `gateway "/"` and the body.
    using Sink = std::function<void(std::string_view topic, std::string_view body)>;

    explicit EventBatches(std::string broker) : broker_(std::move(broker)) {}

    // Copies the event.
    void add(std::string_view gateway, const wire::Event& event);
    void flush(const Sink& sink);

    bool empty() const { return waiting_.empty(); }
    bool full() const { return waiting_bytes_ >= waiting_bytes_max; }

private:
    struct Waiting {
        std::string topic;
        std::vector<wire::Event> events;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    std::string broker_;
    std::vector<Waiting> waiting_;  // in the order of their first event
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
    std::size_t waiting_bytes_ = 0;
};

}  // namespace emostage::broker
