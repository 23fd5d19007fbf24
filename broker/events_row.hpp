// Numbered events of one turn, in a row and packed (journal_events.hpp): a row of the journal.
#pragma once

#include <cstdint>
#include <string>

namespace emostage::broker {

struct EventsRow {
    std::uint64_t order = 0;            // Turn::order
    std::uint64_t first = 0, last = 0;  // numbers; never overlaps with another row's
    std::string events;

    bool operator==(const EventsRow&) const = default;
};

}  // namespace emostage::broker
