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

Session& SessionTable::get(const std::string& id, Now now) {
    if (auto* known = find(id)) {
        if (known->idle_since) {
            idle_.erase(known->in_idle);
            known->idle_since.reset();
        }
        return *known;
    }
    if (sessions_.size() >= config_.sessions_max && !idle_.empty()) {
        forget(*idle_.front(), now);
    }
    auto& place = sessions_[id];
    place = std::make_unique<Session>();
    place->id = id;
    bytes_ += cost(*place);
    return *place;
}

Session& SessionTable::restore(const std::string& id, SessionMemory memory, bool alerted, Now now) {
    Session& session = get(id, now);
    bytes_ -= cost(session);
    session.memory = std::move(memory);
    bytes_ += cost(session);
    session.alerted = alerted;
    session.journaled = true;
    return session;
}

void SessionTable::settle(Session& session, Now now) {
    if (session.busy() || session.idle_since) return;
    session.idle_since = now.steady;
    session.in_idle = idle_.insert(idle_.end(), &session);
    if (session.memory.empty()) forget(session, now);
}

void SessionTable::remember(Session& session, const Turn& turn, std::string reply,
                            const wire::Packed* state, Now now) {
    ledger_.changed(session);
    bytes_ -= cost(session);
    session.memory.add(turn.order, turn.open.text, std::move(reply), config_.session_utterances_max,
                       config_.session_history_bytes_max);
    if (state && state->bytes.size() <= wire::state_bytes_max) session.memory.set_state(*state);
    bytes_ += cost(session);

    while (bytes_ > config_.sessions_bytes_max && !idle_.empty()) forget(*idle_.front(), now);
    // All that is left is live: this one makes room, so that the bound holds whatever the load.
    while (bytes_ > config_.sessions_bytes_max && !session.memory.silent()) {
        bytes_ -= cost(session);
        session.memory.drop_oldest();
        bytes_ += cost(session);
    }
}

bool SessionTable::forget_overdue(Now now) {
    const auto due = next();
    if (!due || *due > now.steady) return false;
    forget(*idle_.front(), now);
    return true;
}

std::optional<TimePoint> SessionTable::next() const {
    if (idle_.empty()) return std::nullopt;
    return *idle_.front()->idle_since + config_.session_retention;
}

std::size_t SessionTable::cost(const Session& session) {
    return sizeof(Session) + 2 * session.id.size() + session.memory.bytes();
}

void SessionTable::forget(Session& session, Now now) {
    ledger_.forget(session, now);
    bytes_ -= cost(session);
    idle_.erase(session.in_idle);
    sessions_.erase(sessions_.find(session.id));
}

}  // namespace emostage::broker
