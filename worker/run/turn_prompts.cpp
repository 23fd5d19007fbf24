#include "worker/run/turn_prompts.hpp"

#include <nlohmann/json.hpp>

namespace emostage::worker {

namespace {

TurnFacts facts_of(const Pipeline& pipeline, const wire::Lease& lease,
                   const std::map<Language, std::string>& help_lines) {
    const auto choice = fit(pipeline, choose_language(lease.locale, lease.text, lease.history));
    const auto lines = help_lines.find(choice.prompts);
    return {choice.prompts, choice.other, lines == help_lines.end() ? "" : lines->second};
}

}  // namespace

TurnPrompts::TurnPrompts(std::shared_ptr<const Pipeline> pipeline, const wire::Lease& lease,
                         const std::map<Language, std::string>& help_lines)
    : pipeline_(std::move(pipeline)),
      facts_(facts_of(*pipeline_, lease, help_lines)),
      state_(unpack_state(*pipeline_, lease.state)) {
    preamble_ = std::make_shared<const std::string>(
        pipeline_->preamble.at(facts_.language).render(preamble_values(facts_)));
    const auto sides = speakers(facts_.language);
    transcript_ =
        render_transcript(lease.history, lease.text, sides.client, sides.counsellor,
                          pipeline_->history_utterances_max, pipeline_->history_bytes_max);
}

TurnPrompts::~TurnPrompts() = default;
TurnPrompts::TurnPrompts(TurnPrompts&&) noexcept = default;

std::string TurnPrompts::user_message(std::size_t stage, const std::string& complaint) {
    const auto& spec = pipeline_->stages[stage];
    if (!values_) {
        values_ =
            std::make_unique<nlohmann::json>(prompt_values(*pipeline_, results_, state_, facts_));
    }
    auto instruction = spec.instruction.at(facts_.language).render(*values_);
    if (stage == pipeline_->reply) values_.reset();  // the last that needs them
    if (!complaint.empty()) {
        instruction += "\n\n";
        instruction += pipeline_->repair.at(facts_.language);
        instruction += "\n";
        instruction += complaint;
    }
    return render_user_message(transcript_, spec.name, instruction);
}

void TurnPrompts::add_result(std::size_t stage, TypedOutput output) {
    results_.insert_or_assign(stage, std::move(output));
    values_.reset();
}

wire::Packed TurnPrompts::remembered() const {
    if (pipeline_->remembered.empty()) return {};
    return pack_state(remember(*pipeline_, results_, state_));
}

}  // namespace emostage::worker
