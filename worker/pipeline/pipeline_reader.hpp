// One pipeline from its YAML and prompts, checked. Used at start only; no file is opened here.
#pragma once

#include <string>
#include <vector>

#include "core/config/yaml_reader.hpp"
#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"

namespace emostage::worker {

// Where prompts come from: a folder, or memory. A path is relative to the pipelines directory.
class PromptFiles {
public:
    virtual ~PromptFiles() = default;
    virtual bool exists(const std::string& path) const = 0;
    virtual Result<std::string> read(const std::string& path) const = 0;
    virtual std::string shown(const std::string& path) const = 0;  // as messages name it
    virtual std::vector<std::string> paths() const = 0;            // all of them, for suggestions
};

Result<Pipeline> read_pipeline(const std::string& name, const config::YamlNode& root,
                               const PromptFiles& files);

}  // namespace emostage::worker
