// What a turn's calls send: one preamble and one transcript, the same bytes for every stage, then
// the stage's own instruction, so that a model server with a prefix cache reads the dialogue once.
//
// Holds the results of the stages so far and the session's remembered values. One thread.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "schemas/link.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/pipeline/prompt_values.hpp"
#include "worker/pipeline/session_state.hpp"

namespace emostage::worker {

class TurnPrompts {
public:
    TurnPrompts(std::shared_ptr<const Pipeline> pipeline, const wire::Lease& lease,
                const std::map<Language, std::string>& help_lines);
    ~TurnPrompts();
    TurnPrompts(TurnPrompts&&) noexcept;

    const std::shared_ptr<const std::string>& preamble() const { return preamble_; }

    // The user message of a stage's call. `complaint`: what was wrong with the answer before; empty
    // in the first call.
    std::string user_message(std::size_t stage, const std::string& complaint);

    // A stage that ended with a result: later instructions and the session see it.
    void add_result(std::size_t stage, TypedOutput output);

    wire::Packed remembered() const;

private:
    std::shared_ptr<const Pipeline> pipeline_;
    TurnFacts facts_;
    SessionState state_;
    StageResults results_;
    std::shared_ptr<const std::string> preamble_;
    std::string transcript_;
    std::unique_ptr<nlohmann::json> values_;  // what instructions see; null: not made yet
};

}  // namespace emostage::worker
