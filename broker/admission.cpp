#include "broker/admission.hpp"

#include <algorithm>

namespace emostage::broker {
namespace {

constexpr milliseconds retry_after_unmeasured{1'000};

template <class Map>
void count_down(Map& map, const std::string& key) {
    const auto found = map.find(key);
    if (--found->second == 0) map.erase(found);
}

}  // namespace

std::uint64_t Admission::cost(const wire::Open& open) {
    std::uint64_t bytes = open.text.size();
    if (open.history) {
        for (const auto& utterance : *open.history)
            bytes += utterance.text.size() + sizeof utterance;
    }
    return bytes;
}

wire::Rejected Admission::overloaded(std::string message, TimePoint now) const {
    const auto wait = rate_.time_for(queued_ + 1, now).value_or(retry_after_unmeasured);
    const auto after = std::clamp(wait, config_.retry_after_min, config_.retry_after_max);
    return {Errc::overloaded, std::move(message), after.count()};
}

std::optional<wire::Rejected> Admission::refuse(const wire::Open& open, const std::string& pipeline,
                                                bool pipeline_served, TimePoint now) const {
    if (queued_ >= config_.queued_turns_max) {
        return overloaded("the broker's queue is full", now);
    }
    if (queued_of(open.gateway) >= config_.queued_turns_per_gateway_max) {
        return overloaded("this gateway's share of the queue is full", now);
    }
    if (bytes_ + cost(open) > config_.queued_bytes_max) {
        return overloaded("the memory for waiting turns is full", now);
    }
    if (!pipeline_served && !live_by_pipeline_.contains(pipeline) &&
        live_by_pipeline_.size() >= config_.pipelines_max) {
        return overloaded("too many different pipelines are waited for", now);
    }
    // Gateways take turns: what is before this turn is about its gateway's share from each.
    const auto ahead =
        std::min(queued_, queued_of(open.gateway) * std::max<std::uint64_t>(by_gateway_.size(), 1));
    const milliseconds deadline = open.deadline.value_or(config_.deadline_default);
    const auto wait = ahead ? rate_.time_for(ahead, now) : std::nullopt;
    if (wait && *wait > deadline && open.priority != wire::Priority::high) {
        return overloaded("the deadline would pass while the turn waits", now);
    }
    return std::nullopt;
}

void Admission::enter(const Turn& turn) {
    bytes_ += cost(turn.open);
    ++live_by_pipeline_[turn.open.pipeline];
    enter_queue(turn);
}

void Admission::enter_queue(const Turn& turn) {
    ++queued_;
    ++by_gateway_[turn.open.gateway];
}

void Admission::leave_queue(const Turn& turn) {
    --queued_;
    count_down(by_gateway_, turn.open.gateway);
}

void Admission::leave(const Turn& turn) {
    bytes_ -= cost(turn.open);
    count_down(live_by_pipeline_, turn.open.pipeline);
}

std::uint64_t Admission::queued_of(const std::string& gateway) const {
    const auto found = by_gateway_.find(gateway);
    return found == by_gateway_.end() ? 0 : found->second;
}

}  // namespace emostage::broker
