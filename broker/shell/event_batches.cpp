#include "broker/shell/event_batches.hpp"

#include <utility>

#include "core/codec/codec.hpp"

namespace emostage::broker {

void EventBatches::add(std::string_view name, const wire::Event& event) {
    Gateway& gateway = gateway_of(name);
    if (!gateway.waits) waiting_.push_back(&gateway);
    gateway.waits = true;
    const auto before = gateway.open.size();
    if (gateway.events == 0) gateway.open = head_;
    codec::append_event(gateway.open, event);
    waiting_bytes_ += gateway.open.size() - before;
    ++gateway.events;
    if (gateway.events < wire::events_per_batch_max && gateway.open.size() < message_bytes_max)
        return;
    close_message(gateway);
    gateway.messages.push_back(std::exchange(gateway.open, {}));
}

EventBatches::Gateway& EventBatches::gateway_of(std::string_view name) {
    if (last_ && last_->name == name) return *last_;
    auto at = gateways_.find(name);
    if (at == gateways_.end()) {
        at = gateways_.emplace(std::string(name), Gateway{}).first;
        at->second.name = name;
        at->second.topic = std::string(name) + "/";
    }
    last_ = &at->second;
    return *last_;
}

void EventBatches::close_message(Gateway& gateway) const {
    codec::end_events(gateway.open, count_at_, gateway.events);
    gateway.events = 0;
}

void EventBatches::flush(const Sink& sink) {
    for (Gateway* gateway : waiting_) {
        for (const std::string& message : gateway->messages) sink(gateway->topic, message);
        gateway->messages.clear();
        if (gateway->events > 0) {
            close_message(*gateway);
            sink(gateway->topic, gateway->open);
            gateway->open.clear();
        }
        gateway->waits = false;
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    if (gateways_.size() <= gateways_kept_max) return;
    gateways_.clear();
    last_ = nullptr;
}

}  // namespace emostage::broker
