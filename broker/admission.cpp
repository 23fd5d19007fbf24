#include "broker/admission.hpp"

#include <algorithm>

namespace emostage::broker {
namespace {

constexpr milliseconds retry_after_unmeasured{1'000};

// True: it was the last.
template <class Map>
bool count_down(Map& map, const std::string& key) {
    const auto found = map.find(key);
    if (--found->second != 0) return false;
    map.erase(found);
    return true;
}

template <class Map>
std::uint64_t count_of(const Map& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? 0 : found->second;
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
    return overloaded_by(queued_, std::move(message), now);
}

wire::Rejected Admission::overloaded_share(std::string message, const std::string& gateway,
                                           TimePoint now) const {
    return overloaded_by(ahead_of(gateway), std::move(message), now);
}

wire::Rejected Admission::overloaded_by(std::uint64_t turns, std::string message,
                                        TimePoint now) const {
    const auto wait = rate_.time_for(turns + 1, now).value_or(retry_after_unmeasured);
    const auto after = std::clamp(wait, config_.retry_after_min, config_.retry_after_max);
    return {Errc::overloaded, std::move(message), after.count()};
}

std::optional<wire::Rejected> Admission::refuse(const wire::Open& open, const std::string& pipeline,
                                                bool pipeline_served, TimePoint now) const {
    if (queued_ >= config_.queued_turns_max) {
        return overloaded("the broker's queue is full", now);
    }
    if (queued_of(open.gateway) >= config_.queued_turns_per_gateway_max) {
        return overloaded_share("this gateway's share of the queue is full", open.gateway, now);
    }
    if (bytes_of(open.gateway) + cost(open) > config_.queued_bytes_per_gateway_max) {
        return overloaded_share("this gateway's share of the memory for waiting turns is full",
                                open.gateway, now);
    }
    if (bytes_ + cost(open) > config_.queued_bytes_max) {
        return overloaded("the memory for waiting turns is full", now);
    }
    if (!pipeline_served && !live_by_pipeline_.contains(pipeline) &&
        live_by_pipeline_.size() >= config_.pipelines_max) {
        return overloaded("too many different pipelines are waited for", now);
    }
    const auto ahead = ahead_of(open.gateway);
    const milliseconds deadline = open.deadline.value_or(config_.deadline_default);
    const auto wait = ahead ? rate_.time_for(ahead, now) : std::nullopt;
    if (wait && *wait > deadline && open.priority != wire::Priority::high) {
        return overloaded_share("the deadline would pass while the turn waits", open.gateway, now);
    }
    return std::nullopt;
}

void Admission::enter(const Turn& turn) {
    bytes_ += cost(turn.open);
    bytes_by_gateway_[turn.open.gateway] += cost(turn.open);
    ++live_by_pipeline_[turn.open.pipeline];
    enter_queue(turn);
}

void Admission::enter_queue(const Turn& turn) {
    ++queued_;
    if (++by_gateway_[turn.open.gateway] == 1) weights_ += config_.weight_of(turn.open.gateway);
}

void Admission::leave_queue(const Turn& turn) {
    --queued_;
    const auto& gateway = turn.open.gateway;
    if (count_down(by_gateway_, gateway)) weights_ -= config_.weight_of(gateway);
}

void Admission::leave(const Turn& turn) {
    bytes_ -= cost(turn.open);
    // One without bytes may find that its gateway is gone already.
    const auto share = bytes_by_gateway_.find(turn.open.gateway);
    if (share != bytes_by_gateway_.end() && (share->second -= cost(turn.open)) == 0) {
        bytes_by_gateway_.erase(share);
    }
    count_down(live_by_pipeline_, turn.open.pipeline);
}

std::uint64_t Admission::queued_of(const std::string& gateway) const {
    return count_of(by_gateway_, gateway);
}

std::uint64_t Admission::bytes_of(const std::string& gateway) const {
    return count_of(bytes_by_gateway_, gateway);
}

// Gateways take turns by weight: to each of its own belong about as many of every other gateway as
// that one weighs more.
std::uint64_t Admission::ahead_of(const std::string& gateway) const {
    const std::uint64_t weight = config_.weight_of(gateway);
    return std::min(queued_, (queued_of(gateway) * weights_ + weight - 1) / weight);
}

}  // namespace emostage::broker
