// What the simulated people say: one counselling dialogue of six utterances and a seventh, made up.
//
// About as long as people's messages are (140 characters, the history 560), so that the cost of a
// turn is that of a real one.
#pragma once

#include <cstddef>
#include <string>

#include "gateway/client/client.hpp"

namespace emostage::load {

// The turn of one person: stateless, for it carries its history.
gateway::OpenRequest turn_of(std::size_t person, const std::string& pipeline);

}  // namespace emostage::load
