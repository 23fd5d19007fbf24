#include "broker/shell/event_batches.hpp"

#include <utility>

#include "broker/event_bytes.hpp"
#include "core/codec/codec.hpp"

namespace emostage::broker {

void EventBatches::add(std::string_view gateway, const wire::Event& event) {
    auto at = index_.find(gateway);
    if (at == index_.end()) {
        at = index_.emplace(std::string(gateway), waiting_.size()).first;
        waiting_.push_back({std::string(gateway) + "/", {}});
    }
    waiting_[at->second].events.push_back(event);
    waiting_bytes_ += event_bytes(event);
}

void EventBatches::flush(const Sink& sink) {
    wire::EventBatch batch{broker_, {}};
    std::size_t batch_bytes = 0;
    const auto send = [&](const std::string& topic) {
        if (batch.events.empty()) return;
        sink(topic, codec::encode_events(batch));
        batch.events.clear();
        batch_bytes = 0;
    };
    for (Waiting& waiting : waiting_) {
        for (wire::Event& event : waiting.events) {
            batch_bytes += event_bytes(event);
            batch.events.push_back(std::move(event));
            const bool full = batch.events.size() >= wire::events_per_batch_max ||
                              batch_bytes >= message_bytes_max;
            if (full) send(waiting.topic);
        }
        send(waiting.topic);
    }
    waiting_.clear();
    index_.clear();
    waiting_bytes_ = 0;
}

}  // namespace emostage::broker
