#include "broker/journal.hpp"

namespace emostage::broker {

std::size_t Commit::bytes() const {
    std::size_t sum = 0;
    for (const TurnRow& row : turns) {
        sum += row.turn.size() + row.session.size() + row.head.size();
        if (row.request) sum += row.request->size();
    }
    for (const EventsRow& row : events) sum += row.events.size();
    for (const SessionRow& row : sessions) sum += row.session.size() + row.memory.size();
    return sum;
}

}  // namespace emostage::broker
