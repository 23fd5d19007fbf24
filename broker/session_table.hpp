// Every session that has turns or remembers something: the order of its turns and its memory.
//
// Sessions without a live turn are idle, and forgotten after their retention or, oldest first, when
// there are too many or their memory is too large. Owner of every Session.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/config.hpp"
#include "broker/ledger.hpp"
#include "broker/session_memory.hpp"
#include "broker/turn.hpp"

namespace emostage::broker {

struct Session {
    std::string id;
    Turn* running = nullptr;
    std::list<Turn*> waiting;  // in order of acceptance; a retried turn is its head again
    SessionMemory memory;
    bool alerted = false;    // by its last turn that said or completed: its turns go before others
    bool journaled = false;  // stored, or about to be

    std::optional<TimePoint> idle_since;
    std::list<Session*>::iterator in_idle{};

    bool busy() const { return running || !waiting.empty(); }
};

class SessionTable {
public:
    SessionTable(const Config& config, Ledger& ledger) : config_(config), ledger_(ledger) {}

    Session* find(const std::string& id);

    // True where get() finds or makes room for the session.
    bool has_room_for(const std::string& id) const;

    // The session, made if it is new; idle ones give way. Requires: has_room_for(id). It is not
    // idle until the next settle().
    Session& get(const std::string& id, Now now);

    // As it was stored; not idle until settle().
    Session& restore(const std::string& id, SessionMemory memory, bool alerted, Now now);

    // After a turn of it went: idle, or forgotten if there is nothing to remember (the reference is
    // then dead).
    void settle(Session& session, Now now);

    // Writes down what a turn said and got, and its state where there is one, within all bounds.
    void remember(Session& session, const Turn& turn, std::string reply, const wire::Packed* state,
                  Now now);

    // Forgets one idle session whose retention ended; false: there is none.
    bool forget_overdue(Now now);
    std::optional<TimePoint> next() const;

    std::size_t size() const { return sessions_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    static std::size_t cost(const Session& session);
    void forget(Session& session, Now now);

    const Config& config_;
    Ledger& ledger_;
    std::unordered_map<std::string, std::unique_ptr<Session>> sessions_;
    std::list<Session*> idle_;  // longest idle first
    std::size_t bytes_ = 0;     // memory of all
};

}  // namespace emostage::broker
