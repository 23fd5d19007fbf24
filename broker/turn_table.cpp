#include "broker/turn_table.hpp"

#include <cassert>

namespace emostage::broker {

Turn* TurnTable::find(const std::string& id) {
    const auto found = turns_.find(id);
    return found == turns_.end() ? nullptr : found->second.get();
}

Turn& TurnTable::add(wire::Open open, const ContentHash& content) {
    auto& place = turns_[open.turn];
    assert(!place);
    place = std::make_unique<Turn>();
    place->open = std::move(open);
    place->content = content;
    place->order = ++accepted_;
    return *place;
}

Turn* TurnTable::restore(wire::Open open, const ContentHash& content, std::uint64_t order) {
    if (turns_.contains(open.turn)) return nullptr;
    auto& place = turns_[open.turn];
    place = std::make_unique<Turn>();
    place->open = std::move(open);
    place->content = content;
    place->order = order;
    skip_to(order);
    return place.get();
}

void TurnTable::erase(Turn& turn) { turns_.erase(turns_.find(turn.id())); }

}  // namespace emostage::broker
