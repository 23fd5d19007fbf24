#include "broker/session_table.hpp"

#include <cassert>

namespace emostage::broker {

Session* SessionTable::find(const std::string& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second.get();
}

bool SessionTable::has_room_for(const std::string& id) const {
    return sessions_.size() < config_.sessions_max || !idle_.empty() || sessions_.contains(id);
}

Session& SessionTable::get(const std::string& id) {
    if (auto* known = find(id)) {
        if (known->idle_since) {
            idle_.erase(known->in_idle);
            known->idle_since.reset();
        }
        return *known;
    }
    if (sessions_.size() >= config_.sessions_max) {
        assert(!idle_.empty());
        forget(*idle_.front());
    }
    auto& place = sessions_[id];
    place = std::make_unique<Session>();
    place->id = id;
    bytes_ += cost(*place);
    return *place;
}

void SessionTable::settle(Session& session, TimePoint now) {
    if (session.busy() || session.idle_since) return;
    session.idle_since = now;
    session.in_idle = idle_.insert(idle_.end(), &session);
    if (session.memory.empty()) forget(session);
}

void SessionTable::remember(Session& session, const Turn& turn, std::string reply,
                            const wire::Packed* state) {
    bytes_ -= cost(session);
    session.memory.add(turn.order, turn.open.text, std::move(reply), config_.session_utterances_max,
                       config_.session_history_bytes_max);
    if (state && state->bytes.size() <= wire::state_bytes_max) session.memory.set_state(*state);
    bytes_ += cost(session);

    while (bytes_ > config_.sessions_bytes_max && !idle_.empty()) forget(*idle_.front());
    // All that is left is live: this one makes room, so that the bound holds whatever the load.
    while (bytes_ > config_.sessions_bytes_max && !session.memory.silent()) {
        bytes_ -= cost(session);
        session.memory.drop_oldest();
        bytes_ += cost(session);
    }
}

bool SessionTable::forget_overdue(TimePoint now) {
    if (idle_.empty() || *idle_.front()->idle_since + config_.session_retention > now) return false;
    forget(*idle_.front());
    return true;
}

std::optional<TimePoint> SessionTable::next() const {
    if (idle_.empty()) return std::nullopt;
    return *idle_.front()->idle_since + config_.session_retention;
}

std::size_t SessionTable::cost(const Session& session) {
    return sizeof(Session) + 2 * session.id.size() + session.memory.bytes();
}

void SessionTable::forget(Session& session) {
    bytes_ -= cost(session);
    idle_.erase(session.in_idle);
    sessions_.erase(sessions_.find(session.id));
}

}  // namespace emostage::broker
