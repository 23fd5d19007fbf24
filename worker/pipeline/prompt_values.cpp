#include "worker/pipeline/prompt_values.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;
using Result = nlohmann::ordered_json;  // of a stage, or a part of it

std::string word_of(const Field& field, const std::string& label, Language language) {
    const auto at = std::find(field.labels.begin(), field.labels.end(), label);
    const auto index = static_cast<std::size_t>(at - field.labels.begin());
    if (index < field.words.size()) {
        const auto words = field.words[index].find(language);
        if (words != field.words[index].end() && !words->second.empty()) {
            return words->second.front();
        }
    }
    return label;
}

std::string_view separator(Language language) { return language == Language::en ? ", " : "、"; }

void add_field(Json& values, const Field& field, const Result& value, Language language);

Json object_values(const std::vector<Field>& fields, const Result& object, Language language) {
    Json values = Json::object();
    for (const Field& field : fields) {
        const auto value = object.find(field.name);
        if (value != object.end()) add_field(values, field, *value, language);
    }
    return values;
}

void add_label(Json& values, const Field& field, const std::string& label, Language language) {
    values[field.name] = label;
    values[field.name + "_is"] = {{label, true}};
    values[field.name + "_text"] = word_of(field, label, language);
}

void add_label_list(Json& values, const Field& list, const Result& items, Language language) {
    Json labels = Json::array(), is = Json::object();
    std::string text;
    for (const Result& item : items) {
        if (!item.is_string()) continue;
        const std::string label = item.get<std::string>();
        labels.push_back(label);
        is[label] = true;
        if (!text.empty()) text += separator(language);
        text += word_of(list.item.front(), label, language);
    }
    values[list.name] = std::move(labels);
    values[list.name + "_is"] = std::move(is);
    values[list.name + "_text"] = std::move(text);
}

void add_list(Json& values, const Field& list, const Result& items, Language language) {
    const bool scalars = list.item.size() == 1 && list.item.front().name.empty();
    if (scalars && list.item.front().type == FieldType::label) {
        return add_label_list(values, list, items, language);
    }
    Json out = Json::array();
    for (const Result& item : items) {
        if (item.is_object()) {
            out.push_back(object_values(list.item, item, language));
        } else {
            out.push_back(item.is_string() ? Json(without_brackets(item.get<std::string>()))
                                           : Json(item));
        }
    }
    values[list.name] = std::move(out);
}

void add_field(Json& values, const Field& field, const Result& value, Language language) {
    if (field.type == FieldType::list) {
        if (value.is_array()) add_list(values, field, value, language);
    } else if (field.type == FieldType::label) {
        if (value.is_string()) add_label(values, field, value.get<std::string>(), language);
    } else if (value.is_string()) {
        values[field.name] = without_brackets(value.get<std::string>());
    } else {
        values[field.name] = Json(value);
    }
}

Json state_values(const Pipeline& pipeline, const SessionState& state, Language language) {
    Json values = Json::object();
    for (const Remembered& remembered : pipeline.remembered) {
        const auto value = state.find(remembered.name);
        if (value == state.end()) continue;
        for (const Field& source : pipeline.stages[remembered.stage].output.fields) {
            if (source.name != remembered.field) continue;
            Field field = source;
            field.name = remembered.name;
            add_field(values, field, value->second, language);
        }
    }
    return values;
}

}  // namespace

Json preamble_values(const TurnFacts& facts) {
    return {{"language", std::string(name(facts.language))},
            {"other_language", facts.other_language}};
}

Json prompt_values(const Pipeline& pipeline, const StageResults& results, const SessionState& state,
                   const TurnFacts& facts) {
    Json values = preamble_values(facts);
    values["help_lines"] = facts.help_lines;
    values["careful"] = is_careful(pipeline, results, state);
    values["previous"] = state_values(pipeline, state, facts.language);
    values["current"] = state_values(pipeline, remember(pipeline, results, state), facts.language);
    for (const auto& [index, output] : results) {
        if (index >= pipeline.stages.size()) continue;
        const Stage& stage = pipeline.stages[index];
        if (!output.result || !output.result->is_object() || !stage.output.typed()) continue;
        values[stage.name] = object_values(stage.output.fields, *output.result, facts.language);
    }
    return values;
}

bool is_careful(const Pipeline& pipeline, const StageResults& results, const SessionState& state) {
    if (!pipeline.careful) return false;
    const Condition& condition = *pipeline.careful;
    if (const auto result = results.find(condition.stage); result != results.end()) {
        const auto& defaulted = result->second.defaulted;
        const auto& object = result->second.result;
        const bool said =
            std::find(defaulted.begin(), defaulted.end(), condition.field) == defaulted.end();
        if (said && object && object->is_object()) {
            const auto value = object->find(condition.field);
            return value != object->end() && *value == condition.value;
        }
    }
    return std::any_of(pipeline.remembered.begin(), pipeline.remembered.end(),
                       [&](const Remembered& remembered) {
                           if (remembered.stage != condition.stage) return false;
                           if (remembered.field != condition.field) return false;
                           const auto value = state.find(remembered.name);
                           return value != state.end() && value->second == condition.value;
                       });
}

}  // namespace emostage::worker
