#include "worker/pipeline/pipeline_reader.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/config/nearest.hpp"
#include "schemas/limits.hpp"
#include "worker/pipeline/field_reader.hpp"
#include "worker/pipeline/plain_text.hpp"
#include "worker/pipeline/prompt_names.hpp"
#include "worker/pipeline/stage_order.hpp"

namespace emostage::worker {
namespace {

using config::did_you_mean;
using config::YamlMap;
using config::YamlNode;
using namespace std::chrono_literals;

constexpr milliseconds budget_min{100}, budget_max{300'000};
constexpr milliseconds wait_min{50};
constexpr int tokens_max = 16'384;
constexpr double temperature_max = 2;
constexpr std::size_t stop_word_bytes_max = 64;
constexpr std::size_t about_bytes_max = 1024;
constexpr std::size_t prompt_path_bytes_max = 128;
constexpr std::size_t absent_max = 16;

// Names that prompts see beside the stages' own.
const std::set<std::string, std::less<>> reserved{"language", "other_language", "help_lines",
                                                  "careful",  "previous",       "current"};

std::string quote(std::string_view name) { return "\"" + std::string(name) + "\""; }

tl::unexpected<Error> refused(const YamlNode& at, const std::string& what) {
    return tl::unexpected<Error>(at.error(what));
}

// Words joined by / : so there is no `..`, no absolute path, nothing hidden.
bool is_prompt_path(std::string_view text) {
    bool begins = true;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c == '/' ? begins : !letter && (begins || (c != '_' && c != '-'))) return false;
        begins = c == '/';
    }
    return !begins && text.size() <= prompt_path_bytes_max;
}

// As it is read, before stages know each other's places.
struct Draft {
    Stage stage;
    YamlNode at;      // its name in the file
    YamlNode prompt;  // the path of its prompt
    std::vector<YamlNode> after;
};

class PipelineReader {
public:
    PipelineReader(const std::string& name, const YamlNode& root, const PromptFiles& files)
        : root_(root), files_(files), what_("pipeline " + quote(name)) {
        pipeline_.name = name;
    }

    Result<Pipeline> read() {
        YamlMap map(root_, what_);
        map.need("about");
        map.need("preamble");
        map.need("stages");
        map.read("about", pipeline_.about, about_bytes_max);
        const YamlNode languages = map.any("languages");
        const YamlNode preamble = map.any("preamble");
        const YamlNode repair = map.any("repair");
        const YamlNode stages = map.any("stages");
        const YamlNode remember = map.any("remember");
        const YamlNode careful = map.any("careful");
        const YamlNode absent = map.any("absent");
        YamlMap history = map.map("history", "\"history\" of " + what_);
        history.read("utterances_max", pipeline_.history_utterances_max, 2, 200);
        history.read("bytes_max", pipeline_.history_bytes_max, 1024, 65536);
        map.take(history.finish());
        std::vector<std::string> language_names{"ja", "zh", "en"};
        map.read("languages", language_names, std::size(worker::languages));
        map.read("absent", absent_, absent_max);
        if (auto ok = map.finish(); !ok) return tl::unexpected<Error>(ok.error());

        Result<void> outcome = read_languages(languages, language_names);
        if (outcome) outcome = read_stages(stages);
        if (outcome) outcome = read_remembered(remember);
        if (outcome) outcome = read_careful(careful);
        if (outcome) outcome = check_absent(absent);
        if (outcome) outcome = read_preamble(preamble);
        if (outcome) outcome = read_repair(repair);
        if (outcome) outcome = read_instructions();
        if (!outcome) return tl::unexpected<Error>(outcome.error());
        return std::move(pipeline_);
    }

private:
    Result<void> read_languages(const YamlNode& at, const std::vector<std::string>& names) {
        if (names.empty()) return refused(at, "\"languages\" is empty");
        for (const std::string& text : names) {
            const auto* language =
                std::find_if(std::begin(worker::languages), std::end(worker::languages),
                             [&](Language one) { return name(one) == text; });
            if (language == std::end(worker::languages)) {
                return refused(at, quote(text) + " is none of the languages ja, zh, en");
            }
            if (std::find(languages_.begin(), languages_.end(), *language) != languages_.end()) {
                return refused(at, "the language " + quote(text) + " is here twice");
            }
            languages_.push_back(*language);
        }
        return {};
    }

    // --- stages ----------------------------------------------------------------------------

    Result<void> read_stages(const YamlNode& node) {
        if (node.kind() != YamlNode::Kind::map) {
            return refused(node, "\"stages\" of " + what_ + " must be a map of names and stages");
        }
        if (node.entries().size() > stages_max) {
            return refused(node,
                           what_ + " has more than " + std::to_string(stages_max) + " stages");
        }
        std::vector<Draft> drafts;
        std::vector<std::string> names;
        for (const auto& [key, value] : node.entries()) {
            auto draft = read_stage(key, value);
            if (!draft) return tl::unexpected<Error>(draft.error());
            names.push_back(draft->stage.name);
            drafts.push_back(std::move(*draft));
        }
        if (auto ok = link(drafts, names); !ok) return ok;
        return place(std::move(drafts), node);
    }

    Result<Draft> read_stage(const YamlNode& key, const YamlNode& value) {
        Draft draft;
        draft.at = key;
        Stage& stage = draft.stage;
        stage.name = key.text();
        const std::string what = "stage " + quote(stage.name);
        if (!is_word(stage.name)) {
            return refused(key, "a stage's name is a word of a-z, 0-9 and _, at most 32");
        }
        if (reserved.contains(stage.name)) {
            return refused(key, quote(stage.name) +
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

    static void read_timeouts(YamlMap& stage_map, Stage& stage) {
        YamlMap map = stage_map.map("timeouts", "\"timeouts\" of stage " + quote(stage.name));
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

    static Result<void> read_output_spec(const YamlNode& output, const YamlNode& stage_node,
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
                                       " bytes, more than " +
                                       std::to_string(wire::result_bytes_max) +
                                       ": lower chars_max or items_max");
        }
        stage.output.shape =
            std::make_shared<const llm::AnswerShape>(make_shape(stage.name, *fields));
        stage.output.fields = std::move(*fields);
        return {};
    }

    static Result<void> link(std::vector<Draft>& drafts, const std::vector<std::string>& names) {
        for (Draft& draft : drafts) {
            for (const YamlNode& before : draft.after) {
                const std::string& wanted = before.text();
                const auto found = std::find(names.begin(), names.end(), wanted);
                if (found == names.end()) {
                    return refused(before, "stage " + quote(draft.stage.name) + " runs after " +
                                               quote(wanted) + ", which no stage is named" +
                                               did_you_mean(wanted, names));
                }
                const auto index = static_cast<std::size_t>(found - names.begin());
                auto& after = draft.stage.after;
                if (std::find(after.begin(), after.end(), index) != after.end()) {
                    return refused(before, quote(wanted) + " is twice in \"after\"");
                }
                after.push_back(index);
            }
        }
        return {};
    }

    // Puts the stages into an order in which they can run, and finds the reply.
    Result<void> place(std::vector<Draft> drafts, const YamlNode& at) {
        std::vector<std::vector<std::size_t>> after;
        for (const Draft& draft : drafts) after.push_back(draft.stage.after);
        const StageOrder order = order_stages(after);
        if (!order.cycle.empty()) {
            std::string cycle;
            for (const std::size_t index : order.cycle) cycle += drafts[index].stage.name + " -> ";
            return refused(
                drafts[order.cycle.front()].at,
                "stages wait for each other: " + cycle + drafts[order.cycle.front()].stage.name);
        }
        std::vector<std::size_t> place_of(drafts.size());
        for (std::size_t i = 0; i < order.order.size(); ++i) place_of[order.order[i]] = i;
        for (const std::size_t index : order.order) {
            Draft& draft = drafts[index];
            for (std::size_t& before : draft.stage.after) before = place_of[before];
            pipeline_.stages.push_back(std::move(draft.stage));
            places_.push_back({draft.at, draft.prompt});
        }
        return find_reply(at);
    }

    Result<void> find_reply(const YamlNode& at) {
        std::optional<std::size_t> reply;
        for (std::size_t i = 0; i < pipeline_.stages.size(); ++i) {
            if (!pipeline_.stages[i].streams) continue;
            if (reply) {
                return refused(places_[i].name,
                               "two stages stream: " + quote(pipeline_.stages[*reply].name) +
                                   " and " + quote(pipeline_.stages[i].name) +
                                   "; exactly one does");
            }
            reply = i;
        }
        if (!reply) return refused(at, "no stage streams: one needs \"streams: true\"");
        pipeline_.reply = *reply;

        std::set<std::size_t> waited_for{*reply};
        for (std::size_t i = pipeline_.stages.size(); i-- > 0;) {
            const Stage& stage = pipeline_.stages[i];
            if (!waited_for.contains(i)) {
                return refused(places_[i].name,
                               "nothing waits for stage " + quote(stage.name) + ": the reply " +
                                   quote(pipeline_.stages[*reply].name) + " does not run after it");
            }
            waited_for.insert(stage.after.begin(), stage.after.end());
        }
        return {};
    }

    // --- what is remembered, and when to be careful ------------------------------------------

    struct Source {
        std::size_t stage = 0;
        const Field* field = nullptr;
    };

    // "stage.field", of a field that is a label (or text where `text_too`).
    Result<Source> find_source(const YamlNode& at, const std::string& path, bool text_too) const {
        std::vector<std::string> known;
        for (std::size_t i = 0; i < pipeline_.stages.size(); ++i) {
            for (const Field& field : pipeline_.stages[i].output.fields) {
                const bool fits =
                    field.type == FieldType::label || (text_too && field.type == FieldType::text);
                const std::string full = pipeline_.stages[i].name + "." + field.name;
                if (fits && full == path) return Source{i, &field};
                if (fits) known.push_back(full);
            }
        }
        return refused(at, quote(path) + " is no " + (text_too ? "label or text" : "label") +
                               " of a stage (stage.field)" + did_you_mean(path, known));
    }

    static Result<void> check_label(const YamlNode& at, const Field& field,
                                    const std::string& value) {
        const auto& labels = field.labels;
        if (std::find(labels.begin(), labels.end(), value) != labels.end()) return {};
        return refused(at, quote(value) + " is no label of " + quote(field.name) +
                               did_you_mean(value, labels));
    }

    Result<void> read_remembered(const YamlNode& node) {
        if (node.kind() == YamlNode::Kind::empty) return {};
        if (node.kind() != YamlNode::Kind::map || node.entries().size() > remembered_max) {
            return refused(node, "\"remember\" must be a map of at most " +
                                     std::to_string(remembered_max) + " names");
        }
        std::size_t bytes = 0;
        for (const auto& [key, value] : node.entries()) {
            if (!is_word(key.text())) {
                return refused(key, "a remembered name is a word of a-z, 0-9 and _, at most 32");
            }
            auto remembered = read_one_remembered(key, value);
            if (!remembered) return tl::unexpected<Error>(remembered.error());
            for (Field field : pipeline_.stages[remembered->stage].output.fields) {
                if (field.name != remembered->field) continue;
                field.name = remembered->name;
                bytes += packed_bytes_max({field});
            }
            if (bytes > wire::state_bytes_max) {
                return refused(key, "sessions could remember more than " +
                                        std::to_string(wire::state_bytes_max) +
                                        " bytes: lower chars_max");
            }
            pipeline_.remembered.push_back(std::move(*remembered));
        }
        return {};
    }

    Result<Remembered> read_one_remembered(const YamlNode& key, const YamlNode& value) const {
        Remembered out;
        out.name = key.text();
        YamlMap map(value, "remembered " + quote(out.name));
        std::string from;
        map.need("from");
        map.read("from", from);
        map.read("initial", out.initial);
        const YamlNode from_node = map.any("from"), initial = map.any("initial");
        const YamlNode unless = map.any("unless");
        if (auto ok = map.finish(); !ok) return tl::unexpected<Error>(ok.error());
        const auto source = find_source(from_node, from, true);
        if (!source) return tl::unexpected<Error>(source.error());
        out.stage = source->stage;
        out.field = source->field->name;
        if (source->field->type == FieldType::label) {
            const YamlNode& at = initial.kind() == YamlNode::Kind::empty ? value : initial;
            if (auto ok = check_label(at, *source->field, out.initial); !ok) {
                return tl::unexpected<Error>(ok.error());
            }
        } else {
            out.initial = cut_chars(one_line(out.initial), source->field->chars_max);
        }
        if (unless.kind() == YamlNode::Kind::empty) return out;
        if (unless.kind() != YamlNode::Kind::map || unless.entries().size() != 1) {
            return refused(unless, "\"unless\" must be one field and its label");
        }
        const auto& [field, label] = unless.entries().front();
        const std::string path = pipeline_.stages[out.stage].name + "." + field.text();
        const auto condition = find_source(field, path, false);
        if (!condition) return tl::unexpected<Error>(condition.error());
        if (auto ok = check_label(label, *condition->field, label.text()); !ok) {
            return tl::unexpected<Error>(ok.error());
        }
        out.unless_field = field.text();
        out.unless_value = label.text();
        return out;
    }

    Result<void> read_careful(const YamlNode& node) {
        if (node.kind() == YamlNode::Kind::empty) return {};
        if (node.kind() != YamlNode::Kind::map || node.entries().size() != 1) {
            return refused(node, "\"careful\" must be one stage.field and its label");
        }
        const auto& [path, label] = node.entries().front();
        const auto source = find_source(path, path.text(), false);
        if (!source) return tl::unexpected<Error>(source.error());
        if (auto ok = check_label(label, *source->field, label.text()); !ok) return ok;
        pipeline_.careful = Condition{source->stage, source->field->name, label.text()};
        return {};
    }

    Result<void> check_absent(const YamlNode& node) const {
        for (std::size_t i = 0; i < absent_.size(); ++i) {
            const std::string& name = absent_[i];
            const YamlNode& at = node.items()[i];
            if (!is_word(name)) return refused(at, quote(name) + " is no name of a stage or value");
            if (reserved.contains(name)) return refused(at, quote(name) + " is always there");
            const bool stage = std::any_of(pipeline_.stages.begin(), pipeline_.stages.end(),
                                           [&](const Stage& one) { return one.name == name; });
            const bool value = std::any_of(pipeline_.remembered.begin(), pipeline_.remembered.end(),
                                           [&](const Remembered& one) { return one.name == name; });
            if (stage || value) {
                return refused(at, quote(name) + " is \"absent\" but " + what_ + " has it");
            }
        }
        return {};
    }

    // --- prompts -----------------------------------------------------------------------------

    std::vector<std::string> known_prompts() const {
        std::vector<std::string> names;
        for (const std::string& path : files_.paths()) {
            for (const Language language : worker::languages) {
                const std::string ending = "." + std::string(name(language)) + ".mustache";
                if (path.ends_with(ending)) {
                    names.push_back(path.substr(0, path.size() - ending.size()));
                }
            }
        }
        return names;
    }

    struct Compiled {
        Prompt prompt;
        std::string file;
    };

    Result<Compiled> compile(const YamlNode& at, Language language) const {
        const std::string& path = at.text();
        if (at.kind() != YamlNode::Kind::scalar || !is_prompt_path(path)) {
            return refused(at,
                           "a prompt is named by its path below the pipelines directory, such "
                           "as \"emostage/response\": words of a-z, 0-9, _ and - joined by /");
        }
        const std::string file = path + "." + std::string(name(language)) + ".mustache";
        if (!files_.exists(file)) {
            return refused(at, "there is no " + quote(file) + did_you_mean(path, known_prompts()));
        }
        const std::string shown = files_.shown(file);
        auto text = files_.read(file);
        if (!text) return tl::unexpected<Error>(text.error());
        auto prompt = Prompt::compile(shown, std::move(*text));
        if (!prompt) return tl::unexpected<Error>(prompt.error());
        return Compiled{std::move(*prompt), shown};
    }

    Result<void> read_preamble(const YamlNode& at) {
        for (const Language language : languages_) {
            auto compiled = compile(at, language);
            if (!compiled) return tl::unexpected<Error>(compiled.error());
            if (auto ok = check_names(compiled->prompt, preamble_names(), compiled->file,
                                      "the preamble of " + what_);
                !ok) {
                return ok;
            }
            pipeline_.preamble.emplace(language, std::move(compiled->prompt));
        }
        return {};
    }

    Result<void> read_repair(const YamlNode& at) {
        const bool typed = pipeline_.stages.size() > 1;
        if (at.kind() == YamlNode::Kind::empty) {
            if (!typed) return {};
            return refused(root_,
                           what_ + " needs the key \"repair\": it has stages with \"output\"");
        }
        for (const Language language : languages_) {
            auto compiled = compile(at, language);
            if (!compiled) return tl::unexpected<Error>(compiled.error());
            if (auto ok = check_names(compiled->prompt, PromptNames(), compiled->file,
                                      "the repair of " + what_);
                !ok) {
                return ok;
            }
            pipeline_.repair.emplace(language, compiled->prompt.render(nlohmann::json::object()));
        }
        return {};
    }

    Result<void> read_instructions() {
        for (std::size_t i = 0; i < pipeline_.stages.size(); ++i) {
            const PromptNames names = instruction_names(pipeline_, i, absent_);
            for (const Language language : languages_) {
                auto compiled = compile(places_[i].prompt, language);
                if (!compiled) return tl::unexpected<Error>(compiled.error());
                if (auto ok =
                        check_names(compiled->prompt, names, compiled->file,
                                    "stage " + quote(pipeline_.stages[i].name) + " of " + what_);
                    !ok) {
                    return ok;
                }
                pipeline_.stages[i].instruction.emplace(language, std::move(compiled->prompt));
            }
        }
        return {};
    }

    struct Place {
        YamlNode name, prompt;
    };

    const YamlNode root_;
    const PromptFiles& files_;
    const std::string what_;
    Pipeline pipeline_;
    std::vector<Place> places_;  // of the stages, in their order
    std::vector<Language> languages_;
    std::vector<std::string> absent_;
};

}  // namespace

Result<Pipeline> read_pipeline(const std::string& name, const YamlNode& root,
                               const PromptFiles& files) {
    return PipelineReader(name, root, files).read();
}

}  // namespace emostage::worker
