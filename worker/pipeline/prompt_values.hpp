// The values that prompts see: schemas/PIPELINES.md, "What prompts see".
//
// Pure functions; any thread. Bounded by the pipeline's output specs: results come from
// read_output().
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "worker/pipeline/output.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/pipeline/session_state.hpp"

namespace emostage::worker {

// Known from the turn's start, the same for all of its stages.
struct TurnFacts {
    Language language = Language::en;
    bool other_language = false;  // LanguageChoice::other
    std::string help_lines;       // the operator's text for people in danger; may be empty
};

// For Pipeline::preamble: only what is the same in each turn of a conversation.
nlohmann::json preamble_values(const TurnFacts& facts);

// For Stage::instruction: the facts, the session's values before this turn (`previous`) and with
// the results so far (`current`), `careful`, and each result by its stage's name. `results` holds
// the stages that ended with a result; failed and skipped ones are left out.
nlohmann::json prompt_values(const Pipeline& pipeline, const StageResults& results,
                             const SessionState& state, const TurnFacts& facts);

// Whether Pipeline::careful is fulfilled: by this turn's result, or, where the stage has none (or
// only a default), by the value that the session remembers of it.
bool is_careful(const Pipeline& pipeline, const StageResults& results, const SessionState& state);

}  // namespace emostage::worker
