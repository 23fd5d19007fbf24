// What sessions remember and when a turn is careful: `remember` and `careful` of a pipeline, from
// YAML. Used at start only.
#pragma once

#include <optional>
#include <vector>

#include "core/config/yaml_reader.hpp"
#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"

namespace emostage::worker {

// Both want the pipeline's stages to be there; an empty node is nothing.
Result<std::vector<Remembered>> read_remembered(const config::YamlNode& node,
                                                const std::vector<Stage>& stages);
Result<std::optional<Condition>> read_careful(const config::YamlNode& node,
                                              const std::vector<Stage>& stages);

}  // namespace emostage::worker
