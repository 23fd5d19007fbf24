// A pipeline as data: stages, what each runs after, prompts, typed outputs, budgets.
//
// Loaded and checked once at start, then immutable and shared by all shards (any thread may read).
// The file format is described in schemas/PIPELINES.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/client.hpp"
#include "core/result.hpp"
#include "schemas/command.hpp"
#include "worker/pipeline/language.hpp"
#include "worker/pipeline/output.hpp"
#include "worker/pipeline/prompt.hpp"

namespace emostage::worker {

// A value that the session remembers between turns, taken from a stage's result.
struct Remembered {
    std::string name;          // as prompts see it
    std::size_t stage = 0;     // index into Pipeline::stages
    std::string field;         // of that stage's output
    std::string initial;       // for the session's first turn
    std::string unless_field;  // keep the old value when this field of the result …
    std::string unless_value;  // … has this value (a recogniser's low confidence); empty: never
};

struct Stage {
    std::string name;
    std::vector<std::size_t> after;  // indices of the stages whose ends it waits for
    OutputSpec output;               // typed, or free text where it streams
    bool streams = false;            // exactly one stage does: the reply
    milliseconds budget{8000};       // from its start to its end, repair included
    int max_tokens = 256;
    double temperature = 0.3;
    std::optional<double> top_p;
    std::vector<std::string> stop;
    llm::CallTimeouts timeouts;              // total is capped by the budget
    std::map<Language, Prompt> instruction;  // one for each of the pipeline's languages
};

// "This field of this stage's result has this value."
struct Condition {
    std::size_t stage = 0;  // index into Pipeline::stages
    std::string field;      // a label
    std::string value;
};

struct Pipeline {
    std::string name;
    std::string about;
    std::vector<Stage> stages;  // in an order in which each comes after what it waits for
    std::size_t reply = 0;      // index of the stage that streams
    std::vector<Remembered> remembered;
    std::optional<Condition> careful;         // marks the turn for people; prompts see `careful`
    std::map<Language, Prompt> preamble;      // the system prompt, the same bytes for every stage
    std::map<Language, std::string> repair;   // said once to a stage whose answer was not valid
    std::size_t history_utterances_max = 40;  // window of the transcript, newest kept
    std::size_t history_bytes_max = 16 * 1024;
};

// Named limits of what is loaded.
inline constexpr std::size_t pipelines_max = 64;
inline constexpr std::size_t stages_max = 16;
inline constexpr std::size_t fields_max = 16;        // of one output, or of one list's items
inline constexpr std::size_t labels_max = 64;        // of one field
inline constexpr std::size_t list_items_max = 16;    // the highest `items_max`
inline constexpr std::size_t text_chars_max = 2000;  // the highest `chars_max`
inline constexpr std::size_t remembered_max = 16;
inline constexpr std::size_t stop_words_max = 4;
inline constexpr std::size_t pipeline_file_bytes_max = 64 * 1024;

// The choice as this pipeline can serve it: where it has no prompts of the language, English ones
// (else its first language's), told to answer in the client's.
LanguageChoice fit(const Pipeline& pipeline, LanguageChoice choice);

// All pipelines below `directory`: each `<name>/pipeline.yaml` with its prompts beside it.
// Errc::config with `file:line: what; did you mean "…"?` on the first thing that is wrong.
using PipelineSet = std::map<std::string, std::shared_ptr<const Pipeline>, std::less<>>;
Result<PipelineSet> load_pipelines(const std::string& directory);

}  // namespace emostage::worker
