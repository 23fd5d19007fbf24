#include "worker/pipeline/prompt_names.hpp"

#include <set>

#include "core/config/nearest.hpp"

namespace emostage::worker {
namespace {

const PromptNames* below(const PromptNames& scope, const std::vector<std::string>& parts) {
    const PromptNames* at = &scope;
    for (const std::string& part : parts) {
        if (at->anything) return at;
        const auto found = at->below.find(part);
        if (found == at->below.end()) return nullptr;
        at = &found->second;
    }
    return at;
}

// As mustache looks a name up: in the innermost section first. Null: nowhere.
const PromptNames* resolve(const std::vector<const PromptNames*>& scopes, const std::string& name) {
    if (name == ".") {
        const PromptNames& inner = *scopes.back();
        return inner.items || inner.anything ? &inner : nullptr;
    }
    const std::vector<std::string> parts = parts_of(name);
    for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
        if (const PromptNames* found = below(**scope, parts)) return found;
    }
    return nullptr;
}

void list_names(const PromptNames& scope, const std::string& before,
                std::vector<std::string>& out) {
    for (const auto& [name, inner] : scope.below) {
        if (!inner.missing.empty()) continue;
        out.push_back(before + name);
        list_names(inner, before + name + ".", out);
    }
}

void add_field(PromptNames& names, const Field& field, const std::string& name) {
    PromptNames& own = names.below[name];
    const bool scalars =
        field.type == FieldType::list && field.item.size() == 1 && field.item.front().name.empty();
    const Field* labels = nullptr;
    if (field.type == FieldType::label) labels = &field;
    if (scalars) {
        own.items = true;
        if (field.item.front().type == FieldType::label) labels = &field.item.front();
    } else if (field.type == FieldType::list) {
        for (const Field& item : field.item) add_field(own, item, item.name);
    }
    if (!labels) return;
    names.below[name + "_text"];
    for (const std::string& label : labels->labels) names.below[name + "_is"].below[label];
}

void add_waited_for(const Pipeline& pipeline, std::size_t stage, std::set<std::size_t>& out) {
    for (const std::size_t before : pipeline.stages[stage].after) {
        if (out.insert(before).second) add_waited_for(pipeline, before, out);
    }
}

}  // namespace

PromptNames preamble_names() {
    PromptNames names;
    names.below["language"];
    names.below["other_language"];
    return names;
}

PromptNames instruction_names(const Pipeline& pipeline, std::size_t stage,
                              const std::vector<std::string>& absent) {
    PromptNames names = preamble_names();
    names.below["help_lines"];
    names.below["careful"];
    PromptNames& previous = names.below["previous"];
    for (const std::string& name : absent) {
        names.below[name].anything = true;
        previous.below[name].anything = true;
        previous.below[name + "_is"].anything = true;
        previous.below[name + "_text"].anything = true;
    }
    for (const Remembered& remembered : pipeline.remembered) {
        for (const Field& field : pipeline.stages[remembered.stage].output.fields) {
            if (field.name == remembered.field) add_field(previous, field, remembered.name);
        }
    }
    names.below["current"] = previous;

    std::set<std::size_t> ready;
    add_waited_for(pipeline, stage, ready);
    for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
        PromptNames& own = names.below[pipeline.stages[i].name];
        own = {};
        for (const Field& field : pipeline.stages[i].output.fields) {
            add_field(own, field, field.name);
        }
        if (!ready.contains(i)) own.missing = "the stage does not run after it";
    }
    return names;
}

Result<void> check_names(const Prompt& prompt, const PromptNames& names, const std::string& file,
                         const std::string& user) {
    for (const Prompt::Reference& reference : prompt.references()) {
        std::vector<const PromptNames*> scopes{&names};
        for (const std::string& section : reference.inside) {
            if (const PromptNames* scope = resolve(scopes, section)) scopes.push_back(scope);
        }
        const std::string where = file + ":" + std::to_string(reference.line) + ": ";
        const std::string quoted = "\"" + reference.name + "\"";
        const PromptNames* found = resolve(scopes, reference.name);
        if (!found) {
            std::vector<std::string> known;
            for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope) {
                list_names(**scope, "", known);
            }
            return fail(Errc::config, where + user + " has no value named " + quoted +
                                          config::did_you_mean(reference.name, known));
        }
        const auto first = names.below.find(parts_of(reference.name).front());
        if (first != names.below.end() && !first->second.missing.empty() &&
            below(names, parts_of(reference.name)) == found) {
            return fail(Errc::config,
                        where + user + " cannot use " + quoted + ": " + first->second.missing);
        }
    }
    return {};
}

}  // namespace emostage::worker
