// A script of turns through a worker, with its broker and model servers played.
#pragma once

#include <memory>

#include "bench/gate/script.hpp"
#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"

namespace emostage::gate {

// Requires: the pipeline `emostage`. Errc::internal: something else happened than the script means;
// it says what.
Result<Counts> run_worker_script(const Script& script,
                                 std::shared_ptr<const worker::Pipeline> pipeline);

}  // namespace emostage::gate
