#include "worker/pipeline/pipeline_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/config/nearest.hpp"
#include "worker/pipeline/field_reader.hpp"
#include "worker/pipeline/memory_reader.hpp"
#include "worker/pipeline/prompt_names.hpp"
#include "worker/pipeline/stage_reader.hpp"

namespace emostage::worker {
namespace {

using config::did_you_mean;
using config::in_quotes;
using config::refused;
using config::YamlMap;
using config::YamlNode;

constexpr std::size_t about_bytes_max = 1024;
constexpr std::size_t prompt_path_bytes_max = 128;
constexpr std::size_t absent_max = 16;

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

class PipelineReader {
public:
    PipelineReader(const std::string& name, const YamlNode& root, const PromptFiles& files)
        : root_(root), files_(files), what_("pipeline " + in_quotes(name)) {
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
        if (outcome) outcome = take_stages(stages);
        if (outcome) outcome = take_memory(remember, careful);
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
                return refused(at, in_quotes(text) + " is none of the languages ja, zh, en");
            }
            if (std::find(languages_.begin(), languages_.end(), *language) != languages_.end()) {
                return refused(at, "the language " + in_quotes(text) + " is here twice");
            }
            languages_.push_back(*language);
        }
        return {};
    }

    Result<void> take_stages(const YamlNode& node) {
        auto drafts = read_stages(node, what_);
        if (!drafts) return tl::unexpected<Error>(drafts.error());
        for (StageDraft& draft : drafts->stages) {
            pipeline_.stages.push_back(std::move(draft.stage));
            prompt_paths_.push_back(draft.prompt);
        }
        pipeline_.reply = drafts->reply;
        return {};
    }

    Result<void> take_memory(const YamlNode& remember, const YamlNode& careful) {
        auto remembered = read_remembered(remember, pipeline_.stages);
        if (!remembered) return tl::unexpected<Error>(remembered.error());
        pipeline_.remembered = std::move(*remembered);
        auto condition = read_careful(careful, pipeline_.stages);
        if (!condition) return tl::unexpected<Error>(condition.error());
        pipeline_.careful = std::move(*condition);
        return {};
    }

    Result<void> check_absent(const YamlNode& node) const {
        for (std::size_t i = 0; i < absent_.size(); ++i) {
            const std::string& name = absent_[i];
            const YamlNode& at = node.items()[i];
            if (!is_word(name))
                return refused(at, in_quotes(name) + " is no name of a stage or value");
            if (reserved_names.contains(name))
                return refused(at, in_quotes(name) + " is always there");
            const bool stage = std::any_of(pipeline_.stages.begin(), pipeline_.stages.end(),
                                           [&](const Stage& one) { return one.name == name; });
            const bool value = std::any_of(pipeline_.remembered.begin(), pipeline_.remembered.end(),
                                           [&](const Remembered& one) { return one.name == name; });
            if (stage || value) {
                return refused(at, in_quotes(name) + " is \"absent\" but " + what_ + " has it");
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
            return refused(at,
                           "there is no " + in_quotes(file) + did_you_mean(path, known_prompts()));
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
                auto compiled = compile(prompt_paths_[i], language);
                if (!compiled) return tl::unexpected<Error>(compiled.error());
                if (auto ok = check_names(
                        compiled->prompt, names, compiled->file,
                        "stage " + in_quotes(pipeline_.stages[i].name) + " of " + what_);
                    !ok) {
                    return ok;
                }
                pipeline_.stages[i].instruction.emplace(language, std::move(compiled->prompt));
            }
        }
        return {};
    }

    const YamlNode root_;
    const PromptFiles& files_;
    const std::string what_;
    Pipeline pipeline_;
    std::vector<YamlNode> prompt_paths_;  // of the stages, in their order
    std::vector<Language> languages_;
    std::vector<std::string> absent_;
};

}  // namespace

Result<Pipeline> read_pipeline(const std::string& name, const YamlNode& root,
                               const PromptFiles& files) {
    return PipelineReader(name, root, files).read();
}

}  // namespace emostage::worker
