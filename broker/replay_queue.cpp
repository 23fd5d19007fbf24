#include "broker/replay_queue.hpp"

#include <algorithm>

namespace emostage::broker {

Duration ReplayQueue::time_for(std::size_t bytes) const {
    const std::uint64_t rate = config_.replay_bytes_per_second;
    const std::chrono::seconds whole(bytes / rate);
    const std::chrono::nanoseconds rest(bytes % rate * 1'000'000'000 / rate);
    return std::chrono::duration_cast<Duration>(whole + rest);
}

bool ReplayQueue::may_send(const Line& line, TimePoint now) const {
    return line.paid_at - time_for(config_.replay_burst_bytes) <= now;
}

bool ReplayQueue::has_room_for(const std::string& gateway, const std::string& turn,
                               TimePoint now) const {
    const auto found = lines_.find(gateway);
    if (found != lines_.end()) {
        const Line& line = found->second;
        return line.waiting.size() < config_.replays_waiting_max || line.by_turn.contains(turn);
    }
    return lines_.size() < config_.gateways_max || has_idle(now);
}

bool ReplayQueue::has_idle(TimePoint now) const {
    return !paid_.empty() && paid_.begin()->first <= now &&
           lines_.find(paid_.begin()->second)->second.waiting.empty();
}

bool ReplayQueue::ask(Replay replay, TimePoint now) {
    const auto found = lines_.find(replay.gateway);
    if (found == lines_.end()) return true;
    auto& [name, line] = *found;
    if (line.waiting.empty() && may_send(line, now)) return true;
    if (const auto older = line.by_turn.find(replay.turn); older != line.by_turn.end()) {
        *older->second = std::move(replay);
        return false;
    }
    if (line.waiting.empty()) due_.emplace(line.paid_at, name);
    const auto place = line.waiting.insert(line.waiting.end(), std::move(replay));
    line.by_turn.emplace(place->turn, place);
    ++waiting_;
    return false;
}

std::optional<ReplayQueue::Replay> ReplayQueue::take(TimePoint now) {
    const auto at = next();
    if (!at || *at > now) return std::nullopt;
    auto& [name, line] = *lines_.find(due_.begin()->second);
    Replay replay = std::move(line.waiting.front());
    line.by_turn.erase(replay.turn);
    line.waiting.pop_front();
    --waiting_;
    if (line.waiting.empty()) due_.erase(due_.begin());
    return replay;
}

void ReplayQueue::charge(const std::string& gateway, std::size_t bytes, TimePoint now) {
    if (bytes == 0) return;
    auto& [name, line] = *line_of(gateway, now);
    const auto before = line.paid_at;
    line.paid_at = std::max(now, before) + time_for(bytes);
    paid_.erase({before, name});
    paid_.emplace(line.paid_at, name);
    if (due_.erase({before, name})) due_.emplace(line.paid_at, name);
}

// Gateways that owe nothing are as good as unknown: they go when others come.
ReplayQueue::Lines::iterator ReplayQueue::line_of(const std::string& gateway, TimePoint now) {
    const auto found = lines_.find(gateway);
    if (found != lines_.end()) return found;
    while (has_idle(now)) {
        const auto idle = lines_.find(paid_.begin()->second);
        paid_.erase(paid_.begin());
        lines_.erase(idle);
    }
    const auto made = lines_.emplace(gateway, Line{now, {}, {}}).first;
    paid_.emplace(now, made->first);
    return made;
}

std::optional<TimePoint> ReplayQueue::next() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first - time_for(config_.replay_burst_bytes);
}

milliseconds ReplayQueue::wait_of(const std::string& gateway, TimePoint now) const {
    const auto found = lines_.find(gateway);
    const auto until = found != lines_.end()
                           ? found->second.paid_at - time_for(config_.replay_burst_bytes)
                           : (paid_.empty() ? now : paid_.begin()->first);
    return std::chrono::ceil<milliseconds>(std::max(until, now) - now);
}

}  // namespace emostage::broker
