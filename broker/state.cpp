#include "broker/state.hpp"

#include <utility>

#include "broker/journal_events.hpp"

namespace emostage::broker {

Turn* State::find(const std::string& id, Now now) {
    Turn* turn = turns.find(id);
    if (!turn || turn->packed.empty()) return turn;
    turn->log = unpack_events(std::exchange(turn->packed, {}), turn->attempt, now.unix_ms);
    turn->log.shrink();
    retention.recount(*turn);
    return turn;
}

}  // namespace emostage::broker
