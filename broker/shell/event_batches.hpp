// Events that are ready, merged into one message for each gateway.
//
// Encodes what is published and holds it until the next flush, in order: at most
// wire::events_per_batch_max events and about `message_bytes_max` bytes a message. No socket and no
// timer; the owner flushes at the end of its loop turn. Keeps its buffers: no allocation an event
// in the steady state.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/codec/codec.hpp"
#include "schemas/event.hpp"

namespace emostage::broker {

class EventBatches {
public:
    // A message ends with the event that exceeds it: one event alone may be larger.
    static constexpr std::size_t message_bytes_max = 64 * 1024;
    // Of all gateways together; with more the owner should flush at once.
    static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;
    static constexpr std::size_t gateways_kept_max = 256;  // buffers, from flush to flush

    // Gets `gateway "/"` and the body.
    using Sink = std::function<void(std::string_view topic, std::string_view body)>;

    explicit EventBatches(std::string_view broker)
        : count_at_(codec::begin_events(head_, broker)) {}

    void add(std::string_view gateway, const wire::Event& event);
    void flush(const Sink& sink);

    bool empty() const { return waiting_.empty(); }
    bool full() const { return waiting_bytes_ >= waiting_bytes_max; }

private:
    struct Gateway {
        std::string name, topic;
        std::vector<std::string> messages;  // whole ones
        std::string open;                   // the one that grows; empty: none does
        std::size_t events = 0;             // of it
        bool waits = false;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    Gateway& gateway_of(std::string_view name);
    void close_message(Gateway& gateway) const;

    std::string head_;          // of every message
    std::size_t count_at_ = 0;  // in it: where the number of events goes
    std::unordered_map<std::string, Gateway, Hash, std::equal_to<>> gateways_;
    std::vector<Gateway*> waiting_;  // in the order of their first event
    Gateway* last_ = nullptr;        // of whom the last event was
    std::size_t waiting_bytes_ = 0;
};

}  // namespace emostage::broker
