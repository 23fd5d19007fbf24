#include "broker/shell/event_batches.hpp"

#include <utility>

#include "core/codec/codec.hpp"

namespace emostage::broker {
namespace {

constexpr std::size_t event_overhead = 96;  // keys and numbers

// About what the event takes when it is encoded: its texts, and a little for each part.
struct BodyBytes {
    static constexpr std::size_t small = 64;  // of a body without texts
    std::size_t operator()(const auto&) const { return small; }
    std::size_t operator()(const wire::Beacon& beacon) const {
        std::size_t bytes = 0;
        for (const auto& [turn, seq] : beacon.live) bytes += turn.size() + 12;
        return bytes;
    }
    std::size_t operator()(const wire::Started& started) const { return started.worker.size(); }
    std::size_t operator()(const wire::Stage& stage) const {
        std::size_t bytes = stage.stage.size() + stage.result.bytes.size();
        for (const auto& field : stage.defaulted) bytes += field.size() + 3;
        return bytes;
    }
    std::size_t operator()(const wire::Alert& alert) const {
        return alert.stage.size() + alert.field.size() + alert.value.size() + small;
    }
    std::size_t operator()(const wire::Delta& delta) const { return delta.text.size(); }
    std::size_t operator()(const wire::Reset& reset) const { return reset.reason.size(); }
    std::size_t operator()(const wire::Completed& completed) const {
        std::size_t bytes = 192;
        for (const auto& [name, ms] : completed.timings_ms) bytes += name.size() + 12;
        for (const auto& name : completed.degraded) bytes += name.size() + 3;
        return bytes;
    }
    std::size_t operator()(const wire::Failed& failed) const { return failed.message.size(); }
    std::size_t operator()(const wire::Cancelled& cancelled) const {
        return cancelled.reason.size();
    }
    std::size_t operator()(const wire::Rejected& rejected) const { return rejected.message.size(); }
};

std::size_t bytes_of(const wire::Event& event) {
    return event_overhead + event.turn.size() + event.session.size() +
           std::visit(BodyBytes{}, event.body);
}

}  // namespace

void EventBatches::add(std::string_view gateway, const wire::Event& event) {
    auto at = index_.find(gateway);
    if (at == index_.end()) {
        at = index_.emplace(std::string(gateway), waiting_.size()).first;
        waiting_.push_back({std::string(gateway) + "/", {}});
    }
    waiting_[at->second].events.push_back(event);
    waiting_bytes_ += bytes_of(event);
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
            batch_bytes += bytes_of(event);
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
