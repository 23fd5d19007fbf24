// Which worker runs which turn, and what it has said of it.
//
// A lease whose turn is no longer there (cancelled, or lost and leased anew) stays as `closing`
// until its worker is known to have stopped: it holds credit, and what it still sends is dropped.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "broker/worker_table.hpp"
#include "core/clock.hpp"
#include "schemas/link.hpp"

namespace emostage::broker {

struct Turn;

struct Lease {
    wire::LeaseId id = 0;
    Worker* worker = nullptr;
    Turn* turn = nullptr;  // null: closing
    std::uint64_t next_ordinal = 1;
    bool restored = false;  // granted before the broker's last start
    bool started = false;
    bool shown = false;  // it began with text of a former attempt, and has not said how it goes on
    std::uint64_t stored = 0;     // the last ordinal that is stored
    std::uint64_t kept = 0;       // the last one that the worker was told it may forget
    bool over = false;            // its run has ended; it waits for the end to be stored
    std::uint64_t asked_for = 0;  // the ordinal that it was last asked to say again
    std::uint32_t asked = 0;      // how often
    TimePoint asked_at{};
    TimePoint granted_at{};
    TimePoint stop_asked_at{};    // closing: its worker was told to stop, and says when it has
    std::uint64_t listed_in = 0;  // its worker's beat that last named it
    std::uint32_t unlisted = 0;   // beats since then that did not
    std::size_t place = 0;        // in the worker's list

    bool closing() const { return turn == nullptr; }
};

class LeaseTable {
public:
    // Ids begin at a place of the broker's state and of this start of it: no lease of another state
    // or of a former start is met again.
    LeaseTable(std::string_view broker, std::uint64_t start);

    Lease& grant(Worker& worker, Turn& turn, TimePoint now);
    // A lease of a former start. Null: there is one with this id.
    Lease* restore(wire::LeaseId id, Worker& worker, Turn& turn, TimePoint now);
    Lease* find(wire::LeaseId id);
    void release(Lease& lease);
    std::size_t size() const { return leases_.size(); }

private:
    Lease& add(wire::LeaseId id, Worker& worker, Turn& turn, TimePoint now);

    std::unordered_map<wire::LeaseId, Lease> leases_;
    wire::LeaseId next_;
};

}  // namespace emostage::broker
