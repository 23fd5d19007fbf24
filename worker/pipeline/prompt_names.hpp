// Which names a prompt may use, checked at start: so that a misspelt name cannot render as nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/pipeline/prompt.hpp"

namespace emostage::worker {

struct PromptNames {
    std::map<std::string, PromptNames> below;
    bool anything = false;  // every name below exists: of a stage that only other pipelines have
    bool items = false;     // a list of plain values: "." is its item
    std::string missing;    // not empty: the name is known but has no value here; why
};

// Of the system prompt: what is the same in every turn of a conversation.
PromptNames preamble_names();

// Of a stage's instruction. `absent`: names of stages and remembered values that this pipeline
// lacks and its prompts, shared with others, may use all the same.
PromptNames instruction_names(const Pipeline& pipeline, std::size_t stage,
                              const std::vector<std::string>& absent);

// Errc::config with file and line of the first name that is not there. `user`: whose prompt it is.
Result<void> check_names(const Prompt& prompt, const PromptNames& names, const std::string& file,
                         const std::string& user);

}  // namespace emostage::worker
