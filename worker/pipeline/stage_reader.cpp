#include "worker/pipeline/stage_reader.hpp"

#include <algorithm>
#include <optional>

#include "core/config/nearest.hpp"
#include "schemas/limits.hpp"
#include "worker/pipeline/field_reader.hpp"
#include "worker/pipeline/stage_order.hpp"

namespace emostage::worker {

const std::set<std::string, std::less<>> reserved_names{"language", "other_language", "help_lines",
                                                        "careful",  "previous",       "current"};

namespace {

using config::did_you_mean;
using config::in_quotes;
using config::refused;
using config::YamlMap;
using config::YamlNode;

constexpr milliseconds budget_min{100}, budget_max{300'000};
constexpr milliseconds wait_min{50};
constexpr int tokens_max = 16'384;
constexpr double temperature_max = 2;
constexpr std::size_t stop_word_bytes_max = 64;

void read_timeouts(YamlMap& stage_map, Stage& stage) {
    YamlMap map = stage_map.map("timeouts", "\"timeouts\" of stage " + in_quotes(stage.name));
    map.read("connect_ms", stage.timeouts.connect, wait_min, stage.budget);
    map.read("first_token_ms", stage.timeouts.first_token, wait_min, stage.budget);
    map.read("silence_ms", stage.timeouts.silence, wait_min, stage.budget);
    stage_map.take(map.finish());
    stage.timeouts.total = stage.budget;
    for (milliseconds* wait :
         {&stage.timeouts.connect, &stage.timeouts.first_token, &stage.timeouts.silence}) {
        *wait = std::min(*wait, stage.budget);
    }
}

Result<void> read_output_spec(const YamlNode& output, const YamlNode& stage_node,
                              const std::string& what, Stage& stage) {
    if (stage.streams) {
        if (output.kind() == YamlNode::Kind::empty) return {};
        return refused(output, what + " streams free text: it has no \"output\"");
    }
    if (output.kind() == YamlNode::Kind::empty) {
        return refused(stage_node, what + " needs \"output\" (or \"streams: true\")");
    }
    auto fields = read_fields(output, what);
    if (!fields) return tl::unexpected<Error>(fields.error());
    const std::size_t bytes = packed_bytes_max(*fields);
    if (bytes > wire::result_bytes_max) {
        return refused(output, "a result of " + what + " could have " + std::to_string(bytes) +
                                   " bytes, more than " + std::to_string(wire::result_bytes_max) +
                                   ": lower chars_max or items_max");
    }
    stage.output.shape = std::make_shared<const llm::AnswerShape>(make_shape(stage.name, *fields));
    stage.output.fields = std::move(*fields);
    return {};
}

Result<StageDraft> read_stage(const YamlNode& key, const YamlNode& value) {
    StageDraft draft;
    draft.name = key;
    Stage& stage = draft.stage;
    stage.name = key.text();
    const std::string what = "stage " + in_quotes(stage.name);
    if (!is_word(stage.name)) {
        return refused(key, "a stage's name is a word of a-z, 0-9 and _, at most 32");
    }
    if (reserved_names.contains(stage.name)) {
        return refused(key, in_quotes(stage.name) +
                                " is a name of its own in prompts; call the "
                                "stage something else");
    }
    YamlMap map(value, what);
    map.need("prompt");
    draft.prompt = map.any("prompt");
    draft.after = map.list("after", stages_max);
    map.read("streams", stage.streams);
    map.read("budget_ms", stage.budget, budget_min, budget_max);
    map.read("max_tokens", stage.max_tokens, 1, tokens_max);
    map.read("temperature", stage.temperature, 0, temperature_max);
    map.read("top_p", stage.top_p, 0.01, 1);
    map.read("stop", stage.stop, stop_words_max, stop_word_bytes_max);
    for (const std::string& stop : stage.stop) {
        if (stop.empty()) map.refuse(map.any("stop"), "an empty word in \"stop\"");
    }
    read_timeouts(map, stage);
    const YamlNode output = map.any("output");
    if (auto ok = map.finish(); !ok) return tl::unexpected<Error>(ok.error());
    if (auto ok = read_output_spec(output, value, what, stage); !ok) {
        return tl::unexpected<Error>(ok.error());
    }
    return draft;
}

Result<void> link(std::vector<StageDraft>& drafts, const std::vector<std::string>& names) {
    for (StageDraft& draft : drafts) {
        for (const YamlNode& before : draft.after) {
            if (before.kind() != YamlNode::Kind::scalar) {
                return refused(before, "\"after\" is a list of stages\' names");
            }
            const std::string& wanted = before.text();
            const auto found = std::find(names.begin(), names.end(), wanted);
            if (found == names.end()) {
                return refused(before, "stage " + in_quotes(draft.stage.name) + " runs after " +
                                           in_quotes(wanted) + ", which no stage is named" +
                                           did_you_mean(wanted, names));
            }
            const auto index = static_cast<std::size_t>(found - names.begin());
            auto& after = draft.stage.after;
            if (std::find(after.begin(), after.end(), index) != after.end()) {
                return refused(before, in_quotes(wanted) + " is twice in \"after\"");
            }
            after.push_back(index);
        }
    }
    return {};
}

// Puts the stages into an order in which they can run, and finds the reply.

// Puts the stages into an order in which they can run.
Result<std::vector<StageDraft>> place(std::vector<StageDraft> drafts) {
    std::vector<std::vector<std::size_t>> after;
    for (const StageDraft& draft : drafts) after.push_back(draft.stage.after);
    const StageOrder order = order_stages(after);
    if (!order.cycle.empty()) {
        const StageDraft& first = drafts[order.cycle.front()];
        std::string cycle;
        for (const std::size_t index : order.cycle) cycle += drafts[index].stage.name + " -> ";
        return refused(first.name, "stages wait for each other: " + cycle + first.stage.name);
    }
    std::vector<std::size_t> place_of(drafts.size());
    for (std::size_t i = 0; i < order.order.size(); ++i) place_of[order.order[i]] = i;
    std::vector<StageDraft> placed;
    for (const std::size_t index : order.order) {
        for (std::size_t& before : drafts[index].stage.after) before = place_of[before];
        placed.push_back(std::move(drafts[index]));
    }
    return placed;
}

Result<std::size_t> find_reply(const std::vector<StageDraft>& drafts, const YamlNode& at) {
    std::optional<std::size_t> reply;
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        if (!drafts[i].stage.streams) continue;
        if (reply) {
            return refused(drafts[i].name,
                           "two stages stream: " + in_quotes(drafts[*reply].stage.name) + " and " +
                               in_quotes(drafts[i].stage.name) + "; exactly one does");
        }
        reply = i;
    }
    if (!reply) return refused(at, "no stage streams: one needs \"streams: true\"");

    std::set<std::size_t> waited_for{*reply};
    for (std::size_t i = drafts.size(); i-- > 0;) {
        const Stage& stage = drafts[i].stage;
        if (!waited_for.contains(i)) {
            return refused(drafts[i].name,
                           "nothing waits for stage " + in_quotes(stage.name) + ": the reply " +
                               in_quotes(drafts[*reply].stage.name) + " does not run after it");
        }
        waited_for.insert(stage.after.begin(), stage.after.end());
    }
    return *reply;
}

}  // namespace

Result<StageDrafts> read_stages(const YamlNode& node, const std::string& what) {
    if (node.kind() != YamlNode::Kind::map) {
        return refused(node, "\"stages\" of " + what + " must be a map of names and stages");
    }
    if (node.entries().size() > stages_max) {
        return refused(node, what + " has more than " + std::to_string(stages_max) + " stages");
    }
    std::vector<StageDraft> drafts;
    std::vector<std::string> names;
    for (const auto& [key, value] : node.entries()) {
        auto draft = read_stage(key, value);
        if (!draft) return tl::unexpected<Error>(draft.error());
        names.push_back(draft->stage.name);
        drafts.push_back(std::move(*draft));
    }
    if (auto ok = link(drafts, names); !ok) return tl::unexpected<Error>(ok.error());
    auto placed = place(std::move(drafts));
    if (!placed) return tl::unexpected<Error>(placed.error());
    const auto reply = find_reply(*placed, node);
    if (!reply) return tl::unexpected<Error>(reply.error());
    return StageDrafts{std::move(*placed), *reply};
}

}  // namespace emostage::worker
