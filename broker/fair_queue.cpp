#include "broker/fair_queue.hpp"

#include <algorithm>
#include <cassert>

namespace emostage::broker {
namespace {

constexpr std::uint64_t one_round = 1'000'000;

}  // namespace

void FairQueue::push(const Place& place, Turn& turn) {
    Lane& at = lane(place.pipeline);
    ++size_;
    if (place.retried) {
        at.retried.emplace(place.order, &turn);
        return;
    }
    Gateway& from = gateway(place.gateway);
    auto line = line_of(from, at);
    if (line == from.lines.size()) {
        from.lines.push_back({&at, {}});
        at.rotation.emplace(from.stand, &from);
    }
    from.lines[line].turns.emplace(Key{place.virtual_time, place.order}, &turn);
}

void FairQueue::erase(const Place& place) {
    const auto found = lanes_.find(place.pipeline);
    assert(found != lanes_.end());
    Lane& at = found->second;
    --size_;
    if (place.retried) {
        at.retried.erase(place.order);
    } else {
        Gateway& from = gateways_.find(place.gateway)->second;
        const auto line = line_of(from, at);
        from.lines[line].turns.erase({place.virtual_time, place.order});
        drop_line_if_empty(from, line);
    }
    if (at.empty()) lanes_.erase(found);
}

Turn* FairQueue::pop(const std::function<bool(const std::string&)>& has_credit) {
    Lane* oldest_retried = nullptr;
    Lane* next = nullptr;
    const auto head = [](const Lane& at) -> const Key& {
        const Gateway& from = *at.rotation.begin()->second;
        return from.lines[line_of(from, at)].turns.begin()->first;
    };
    for (auto& [pipeline, at] : lanes_) {
        if (!has_credit(pipeline)) continue;
        if (!at.retried.empty()) {
            if (!oldest_retried ||
                at.retried.begin()->first < oldest_retried->retried.begin()->first) {
                oldest_retried = &at;
            }
        } else if (!at.rotation.empty()) {
            const auto stand = at.rotation.begin()->first;
            const auto best = next ? next->rotation.begin()->first : stand;
            if (!next || stand < best || (stand == best && head(at) < head(*next))) next = &at;
        }
    }

    Turn* turn = nullptr;
    Lane* at = oldest_retried ? oldest_retried : next;
    if (!at) return nullptr;
    if (oldest_retried) {
        turn = at->retried.begin()->second;
        at->retried.erase(at->retried.begin());
    } else {
        Gateway& from = *at->rotation.begin()->second;
        const auto line = line_of(from, *at);
        auto& turns = from.lines[line].turns;
        turn = turns.begin()->second;
        turns.erase(turns.begin());
        served(from);
        drop_line_if_empty(from, line);
    }
    --size_;
    if (at->empty()) lanes_.erase(lanes_.find(at->pipeline));
    return turn;
}

FairQueue::Lane& FairQueue::lane(std::string_view pipeline) {
    const auto found = lanes_.find(pipeline);
    if (found != lanes_.end()) return found->second;
    auto& made = lanes_[std::string(pipeline)];
    made.pipeline = pipeline;
    return made;
}

FairQueue::Gateway& FairQueue::gateway(std::string_view name) {
    auto found = gateways_.find(name);
    if (found == gateways_.end()) {
        found = gateways_.emplace(std::string(name), Gateway{std::string(name), {0, 0}, {}}).first;
    } else if (!found->second.lines.empty()) {
        return found->second;
    }
    Gateway& from = found->second;
    idle_.erase(from.stand);
    const auto round = round_ + step_of(from) / 2;
    if (from.stand.round <= round) from.stand = {round, ++stamps_};
    return from;
}

void FairQueue::drop_line_if_empty(Gateway& from, std::size_t line) {
    if (!from.lines[line].turns.empty()) return;
    from.lines[line].lane->rotation.erase(from.stand);
    if (line + 1 != from.lines.size()) from.lines[line] = std::move(from.lines.back());
    from.lines.pop_back();
    if (from.lines.empty()) idle_.emplace(from.stand, &from);
    // What the rotation has passed makes no difference any more.
    while (!idle_.empty() &&
           (idle_.begin()->first.round <= round_ || idle_.size() > config_.gateways_max)) {
        const Gateway& first = *idle_.begin()->second;
        idle_.erase(idle_.begin());
        gateways_.erase(gateways_.find(first.name));
    }
}

void FairQueue::served(Gateway& from) {
    // One whose lane had no credit may be far behind: it is not paid back for that.
    round_ = std::max(round_, from.stand.round);
    const Stand stand{round_ + step_of(from), ++stamps_};
    for (auto& line : from.lines) {
        auto node = line.lane->rotation.extract(from.stand);
        node.key() = stand;
        line.lane->rotation.insert(std::move(node));
    }
    from.stand = stand;
}

std::uint64_t FairQueue::step_of(const Gateway& gateway) const {
    return one_round / config_.weight_of(gateway.name);
}

std::size_t FairQueue::line_of(const Gateway& from, const Lane& at) {
    std::size_t line = 0;
    while (line < from.lines.size() && from.lines[line].lane != &at) ++line;
    return line;
}

}  // namespace emostage::broker
