// What a broker starts with: the journal's rows, read.
//
// Times are Unix ms as they were stored; the core turns them into its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/content_hash.hpp"
#include "broker/event_log.hpp"
#include "broker/events_row.hpp"
#include "broker/session_memory.hpp"
#include "broker/turn.hpp"
#include "schemas/command.hpp"
#include "schemas/link.hpp"

namespace emostage::broker {

struct RestoredLease {
    wire::LeaseId id = 0;
    std::string instance, worker;  // who has it, and its name
    std::uint64_t next_ordinal = 1;
    bool started = false, shown = false;
};

struct RestoredTurn {
    wire::Open open;  // as Turn::open
    ContentHash content;
    std::uint64_t order = 0;
    TurnState state = TurnState::queued;
    std::int64_t accepted_ms = 0, deadline_ms = 0, ended_ms = 0;
    std::uint32_t attempt = 0, returns = 0;
    bool alerted = false, retried = false;
    std::vector<std::string> askers;
    EventLog log;                   // of a live turn
    std::vector<EventsRow> packed;  // of one that has ended
    std::uint64_t last = 0;         // its last event's number
    std::uint64_t reserved = 0;          // numbers up to here may have been told
    std::optional<RestoredLease> lease;  // while running
};

struct RestoredSession {
    std::string id;
    std::int64_t changed_ms = 0;
    bool alerted = false;
    SessionMemory memory;
};

struct Restored {
    std::string broker;  // names the state; Stored::broker
    std::uint64_t start = 1;
    std::vector<RestoredTurn> turns;        // by order
    std::vector<RestoredSession> sessions;  // longest unchanged first
};

// A state that has nothing in it yet.
inline Restored empty_state(std::string broker) { return {std::move(broker), 1, {}, {}}; }

}  // namespace emostage::broker
