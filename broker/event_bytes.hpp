// About what an event takes when it is encoded: its texts, and a little for each part.
#pragma once

#include <cstddef>

#include "schemas/event.hpp"

namespace emostage::broker {

std::size_t event_bytes(const wire::Event& event);

}  // namespace emostage::broker
