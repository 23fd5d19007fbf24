#include "broker/state.hpp"

#include <algorithm>
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

void State::tell_pipelines(Now now) {
    auto names = workers.announced();
    const auto first = std::find(names.begin(), names.end(), config.default_pipeline);
    if (first != names.end()) std::rotate(names.begin(), first, std::next(first));
    if (names.size() > wire::pipelines_told_max) names.resize(wire::pipelines_told_max);
    fanout.publish_unnumbered({}, {}, {}, wire::Pipelines{std::move(names)}, now.unix_ms);
}

}  // namespace emostage::broker
