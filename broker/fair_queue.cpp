#include "broker/fair_queue.hpp"

#include <cassert>

namespace emostage::broker {

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
        at.rotation.emplace(from.stamp, &from);
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
            const auto stamp = at.rotation.begin()->first;
            const auto best = next ? next->rotation.begin()->first : stamp;
            if (!next || stamp < best || (stamp == best && head(at) < head(*next))) next = &at;
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

// A gateway that comes (back) goes to the end of the rotation: one that always has a single turn
// waiting does not overtake those with many.
FairQueue::Gateway& FairQueue::gateway(std::string_view name) {
    const auto found = gateways_.find(name);
    if (found != gateways_.end()) return found->second;
    auto& made = gateways_[std::string(name)];
    made.name = name;
    made.stamp = ++stamps_;
    return made;
}

void FairQueue::drop_line_if_empty(Gateway& from, std::size_t line) {
    if (!from.lines[line].turns.empty()) return;
    from.lines[line].lane->rotation.erase(from.stamp);
    if (line + 1 != from.lines.size()) from.lines[line] = std::move(from.lines.back());
    from.lines.pop_back();
    if (from.lines.empty()) gateways_.erase(gateways_.find(from.name));
}

void FairQueue::served(Gateway& from) {
    const auto stamp = ++stamps_;
    for (auto& line : from.lines) {
        auto node = line.lane->rotation.extract(from.stamp);
        node.key() = stamp;
        line.lane->rotation.insert(std::move(node));
    }
    from.stamp = stamp;
}

std::size_t FairQueue::line_of(const Gateway& from, const Lane& at) {
    std::size_t line = 0;
    while (line < from.lines.size() && from.lines[line].lane != &at) ++line;
    return line;
}

}  // namespace emostage::broker
