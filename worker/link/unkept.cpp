#include "worker/link/unkept.hpp"

#include <cassert>

namespace emostage::worker {

namespace {

std::size_t bytes_of(const std::vector<std::string>& names) {
    std::size_t bytes = 0;
    for (const auto& name : names) bytes += sizeof name + name.size();
    return bytes;
}

// In memory, and at least its length on the wire.
struct Bytes {
    std::size_t operator()(const wire::Started& event) const { return event.worker.size(); }
    std::size_t operator()(const wire::Stage& event) const {
        return event.stage.size() + event.result.bytes.size() + bytes_of(event.defaulted);
    }
    std::size_t operator()(const wire::Delta& event) const { return event.text.size(); }
    std::size_t operator()(const wire::Reset& event) const { return event.reason.size(); }
    std::size_t operator()(const wire::Alert& event) const {
        return event.stage.size() + event.field.size() + event.value.size();
    }
    std::size_t operator()(const wire::RunCompleted& event) const {
        std::size_t bytes = event.state.bytes.size() + bytes_of(event.completed.degraded);
        for (const auto& timing : event.completed.timings_ms) {
            bytes += sizeof timing + timing.first.size();
        }
        return bytes + event.completed.text_hash.size() + event.completed.finish_reason.size();
    }
    std::size_t operator()(const wire::Failed& event) const { return event.message.size(); }
    std::size_t operator()(const wire::Cancelled& event) const { return event.reason.size(); }
};

std::size_t bytes_of(const wire::RunEvent& event) {
    return sizeof event + std::visit(Bytes{}, event);
}

}  // namespace

bool Unkept::add(wire::RunEvent event) {
    const auto bytes = bytes_of(event);
    if (events_.size() >= events_max || bytes_ + bytes > bytes_max) return false;
    bytes_ += bytes;
    if (auto* delta = std::get_if<wire::Delta>(&event)) {
        events_.push_back({std::move(delta->text), nullptr, bytes});
    } else {
        events_.push_back({{}, std::make_unique<wire::RunEvent>(std::move(event)), bytes});
    }
    return true;
}

void Unkept::keep(std::uint64_t ordinal) {
    while (!events_.empty() && kept_ < ordinal) {
        bytes_ -= events_.front().bytes;
        events_.pop_front();
        ++kept_;
    }
}

wire::Output Unkept::batch(std::uint64_t ordinal) const {
    assert(can_say_from(ordinal));
    wire::Output output{lease_, ordinal, {}};
    std::size_t bytes = 0;
    for (auto i = ordinal - kept_ - 1; i < events_.size(); ++i) {
        const bool first = output.events.empty();
        if (output.events.size() == batch_events_max) break;
        if (!first && bytes + events_[i].bytes > batch_bytes_max) break;
        bytes += events_[i].bytes;
        output.events.push_back(events_[i].event());
    }
    return output;
}

}  // namespace emostage::worker
