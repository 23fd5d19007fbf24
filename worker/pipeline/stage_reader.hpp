// The `stages` of a pipeline, from YAML: read, linked, put into an order in which they can run.
// Used at start only.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/config/yaml_reader.hpp"
#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"

namespace emostage::worker {

// Names that prompts see beside the stages' own; no stage may have one.
extern const std::set<std::string, std::less<>> reserved_names;

struct StageDraft {
    Stage stage;              // without its instructions; `after` are places in the order below
    config::YamlNode name;    // where the file names it
    config::YamlNode prompt;  // the path of its prompt
    std::vector<config::YamlNode> after;
};

struct StageDrafts {
    std::vector<StageDraft> stages;  // each after what it waits for
    std::size_t reply = 0;           // the one that streams
};

// `what` names the pipeline in messages.
Result<StageDrafts> read_stages(const config::YamlNode& node, const std::string& what);

}  // namespace emostage::worker
