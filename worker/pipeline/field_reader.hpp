// The `output` of a stage, from YAML. Used at start only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/config/yaml_reader.hpp"
#include "core/result.hpp"
#include "worker/pipeline/output.hpp"

namespace emostage::worker {

// a-z first, then a-z, 0-9 and _; at most 32.
bool is_word(std::string_view text);

// `what` names the output in messages.
Result<std::vector<Field>> read_fields(const config::YamlNode& node, const std::string& what);

// The most bytes that a result with these fields can have, packed.
std::size_t packed_bytes_max(const std::vector<Field>& fields);

}  // namespace emostage::worker
