// A start: what a former one left becomes the broker's state.
//
// Queued turns queue again in their order. Running ones are held for their workers, which have
// `recovery_grace` to come back with what they hold. Calls no output.
#pragma once

#include "broker/lifecycle.hpp"
#include "broker/restored.hpp"
#include "broker/state.hpp"

namespace emostage::broker {

// Requires: an empty state.
void recover(State& state, Lifecycle& lifecycle, Restored restored, Now now);

}  // namespace emostage::broker
