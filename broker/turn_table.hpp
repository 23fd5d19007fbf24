// All turns that are known, by id. Owner of every Turn.
#pragma once

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

    void erase(Turn& turn);
    std::size_t size() const { return turns_.size(); }

private:
    std::unordered_map<std::string, std::unique_ptr<Turn>> turns_;
    std::uint64_t accepted_ = 0;
};

}  // namespace emostage::broker
