// What a broker keeps on disk, and the port through which it gets there.
//
// The core says what has changed as one Commit at a time: all of it is stored or nothing is. The
// store keeps rows and knows nothing of what is in their bytes (journal_codec.hpp does), so that
// another store can take its place. Times are Unix ms: steady clocks do not survive a start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/events_row.hpp"
#include "broker/turn.hpp"

namespace emostage::broker {

struct TurnRow {
    std::uint64_t order = 0;  // of acceptance; names the turn in the store
    std::string turn;         // its id
    std::string session;
    TurnState state = TurnState::queued;
    std::int64_t ended_ms = 0;  // Unix time of the end; 0: live
    std::string head;           // all else that changes; replaced with each put
    // The command: text, history and the like. Written by the first put; nothing: as it is. Empty:
    // no longer kept (the turn has ended).
    std::optional<std::string> request;

    bool operator==(const TurnRow&) const = default;
};

struct SessionRow {
    std::string session;
    std::int64_t changed_ms = 0;
    std::string memory;

    bool operator==(const SessionRow&) const = default;
};

struct Commit {
    std::vector<TurnRow> turns;                  // put: new or replaced
    std::vector<EventsRow> events;               // added
    std::vector<std::uint64_t> forgotten_turns;  // by order; their request and events go too
    std::vector<SessionRow> sessions;            // put
    std::vector<std::string> forgotten_sessions;

    bool empty() const {
        return turns.empty() && events.empty() && forgotten_turns.empty() && sessions.empty() &&
               forgotten_sessions.empty();
    }
    std::size_t bytes() const;  // of what is put and added, without what the store adds
    bool operator==(const Commit&) const = default;
};

// How a Commit ended. Not stored: none of it is, and the core says what has changed again later.
struct Committed {
    enum class Result : std::uint8_t { stored, full, failed };
    Result result = Result::stored;
    // Stored, in the room that is kept for turns to end in: no new ones until a commit (an empty
    // one will do) says otherwise.
    bool low = false;
};

// All that a start finds.
struct Stored {
    std::string broker;  // EventBatch::broker: random, made with the store, the same ever after
    std::uint64_t start = 1;           // how many brokers have opened the store, this one included
    std::vector<TurnRow> turns;        // by order; with `request` where it is kept
    std::vector<EventsRow> events;     // by order, then number
    std::vector<SessionRow> sessions;  // longest unchanged first
};

}  // namespace emostage::broker
