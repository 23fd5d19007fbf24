// A script of turns through the broker, with its gateways and workers played.
#pragma once

#include "bench/gate/script.hpp"
#include "core/result.hpp"

namespace emostage::gate {

// Errc::internal: something else happened than the script means; it says what.
Result<Counts> run_broker_script(const Script& script, bool durable);

}  // namespace emostage::gate
