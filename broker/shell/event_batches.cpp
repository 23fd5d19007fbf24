#include "broker/shell/event_batches.hpp"

#include "core/codec/codec.hpp"

namespace emostage::broker {

void EventBatches::add(std::string_view name, const wire::Event& event) {
    auto at = gateways_.find(name);
    if (at == gateways_.end()) {
        at = gateways_.emplace(std::string(name), Gateway{}).first;
        at->second.topic = std::string(name) + "/";
    }
    Gateway& gateway = at->second;
    if (!gateway.waits) waiting_.push_back(&gateway);
    gateway.waits = true;
    const auto before = gateway.packed.size();
    codec::append_event(gateway.packed, event);
    waiting_bytes_ += gateway.packed.size() - before;
    ++gateway.events;
    if (gateway.events >= wire::events_per_batch_max || gateway.packed.size() >= message_bytes_max)
        close_message(gateway);
}

void EventBatches::close_message(Gateway& gateway) {
    gateway.messages.push_back(codec::encode_events(broker_, gateway.events, gateway.packed));
    gateway.packed.clear();
    gateway.events = 0;
}

void EventBatches::flush(const Sink& sink) {
    for (Gateway* gateway : waiting_) {
        if (gateway->events > 0) close_message(*gateway);
        for (const std::string& message : gateway->messages) sink(gateway->topic, message);
        gateway->messages.clear();
        gateway->waits = false;
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    if (gateways_.size() > gateways_kept_max) gateways_.clear();
}

}  // namespace emostage::broker
