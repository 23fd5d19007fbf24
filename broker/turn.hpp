// One turn, from `accepted` until it is forgotten.
//
// Owned by TurnTable; the other tables point to it and are told before it goes.
#pragma once

#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "broker/content_hash.hpp"
#include "broker/event_log.hpp"
#include "broker/events_row.hpp"
#include "core/clock.hpp"
#include "schemas/command.hpp"
#include "schemas/event.hpp"
#include "schemas/link.hpp"

namespace emostage::broker {

struct Gateway;
struct Lease;
struct Session;
struct Turn;

// A gateway that the turn's events go to, and where that gateway's list has the turn.
struct Asker {
    Gateway* gateway;
    std::size_t place;
};

enum class TurnState : std::uint8_t { queued, running, ended };

// What the disk has of a turn, and what may be told because of it. The Ledger's.
struct Books {
    static constexpr std::uint64_t nothing = std::numeric_limits<std::uint64_t>::max();
    enum class Mark : std::uint8_t { clean, lazy, urgent };

    Mark mark = Mark::clean;
    std::list<Turn*>::iterator place{};   // among those with this mark
    TimePoint lazy_at{};                  // when it became lazy
    bool stored = false;                  // that it was accepted
    bool flying = false;                  // in the commit that is under way
    std::uint64_t last = 0;               // events up to this number are stored
    std::uint64_t reserved = 0;           // numbers up to this may be told
    std::uint64_t hold = nothing;         // from this number on: when the next commit is stored
    std::uint64_t hold_flying = nothing;  // when the one that is under way is
};

struct Turn {
    wire::Open open;  // text, history, locale and traceparent only until the end; pipeline resolved
    ContentHash content;
    std::uint64_t order = 0;  // of acceptance, over all turns
    TimePoint accepted_at{}, ready_at{}, deadline{}, ended_at{}, fades_at{};

    TurnState state = TurnState::queued;
    // Shown in events: 0 until the first lease, then 1; one more for each lease that was lost.
    std::uint32_t attempt = 0;
    std::uint32_t returns = 0;  // leases that a worker handed back unharmed
    bool spoken = false;        // its first delta has come
    bool cancel_asked = false;  // by a gateway
    bool alerted = false;       // its analysis found what people should look at
    bool retried = false;       // goes before turns that no worker has had yet
    Lease* lease = nullptr;     // while running

    Session* session = nullptr;  // until the end
    bool ready = false;          // head of its session and in the fair queue
    std::list<Turn*>::iterator in_session{};

    EventLog log;
    // Instead of `log`: the events of a turn that had ended before the broker's start, until
    // somebody asks for them (State::find).
    std::vector<EventsRow> packed;
    std::uint64_t told = 0;         // events up to this number went to the askers
    std::uint64_t maybe_told = 0;   // and up to this, before the broker's last start, perhaps
    wire::LeaseId ended_lease = 0;  // whose worker is to hear that the end is stored
    Books books;
    // To whom what is to be said once `accepted` is told.
    std::vector<std::pair<std::string, wire::Rejected>> answers;
    std::vector<Asker> askers;                               // none from some time after the end
    std::list<Turn*>::iterator in_fading{}, in_retention{};  // once ended; see Fanout, Retention
    bool fading = false;
    std::size_t kept_bytes = 0;  // Retention's, as it counts them

    const std::string& id() const { return open.turn; }
    bool stateless() const { return open.history.has_value(); }
};

}  // namespace emostage::broker
