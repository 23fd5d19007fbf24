// All turns that are known, by id. Owner of every Turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "broker/turn.hpp"

namespace emostage::broker {

class TurnTable {
public:
    Turn* find(const std::string& id);

    // Requires: the id is not known.
    Turn& add(wire::Open open, const ContentHash& content);

    // With the order that it had. Null: the id is known.
    Turn* restore(wire::Open open, const ContentHash& content, std::uint64_t order);
    // Orders up to this one were given out.
    void skip_to(std::uint64_t order) { accepted_ = std::max(accepted_, order); }

    void erase(Turn& turn);
    std::size_t size() const { return turns_.size(); }

private:
    std::unordered_map<std::string, std::unique_ptr<Turn>> turns_;
    std::uint64_t accepted_ = 0;
};

}  // namespace emostage::broker
