#include "broker/retention.hpp"

namespace emostage::broker {

std::size_t Retention::cost(const Turn& turn) {
    const auto ids = turn.open.turn.size() * 2 + turn.open.session.size() +
                     turn.open.gateway.size() + turn.open.pipeline.size();
    std::size_t bytes = sizeof(Turn) + ids + turn.log.bytes();
    for (const EventsRow& row : turn.packed) bytes += sizeof row + row.events.size();
    return bytes;
}

void Retention::add(Turn& turn) {
    turn.in_retention = turns_.insert(turns_.end(), &turn);
    turn.kept_bytes = cost(turn);
    bytes_ += turn.kept_bytes;
}

void Retention::recount(Turn& turn) {
    bytes_ -= turn.kept_bytes;
    turn.kept_bytes = cost(turn);
    bytes_ += turn.kept_bytes;
}

void Retention::remove(Turn& turn) {
    turns_.erase(turn.in_retention);
    bytes_ -= turn.kept_bytes;
}

Turn* Retention::overdue(TimePoint now) const {
    if (turns_.empty() || turns_.front()->ended_at + config_.retention > now) return nullptr;
    return turns_.front();
}

Turn* Retention::surplus() const {
    const bool fits = turns_.size() <= config_.kept_turns_max && bytes_ <= config_.kept_bytes_max;
    return fits || turns_.empty() ? nullptr : turns_.front();
}

std::optional<TimePoint> Retention::next() const {
    if (turns_.empty()) return std::nullopt;
    return turns_.front()->ended_at + config_.retention;
}

}  // namespace emostage::broker
