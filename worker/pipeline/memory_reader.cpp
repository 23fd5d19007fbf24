#include "worker/pipeline/memory_reader.hpp"

#include <algorithm>

#include "core/config/nearest.hpp"
#include "schemas/limits.hpp"
#include "worker/pipeline/field_reader.hpp"
#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

using config::did_you_mean;
using config::in_quotes;
using config::refused;
using config::YamlMap;
using config::YamlNode;

struct Source {
    std::size_t stage = 0;
    const Field* field = nullptr;
};

// "stage.field", of a field that is a label (or text where `text_too`).
Result<Source> find_source(const std::vector<Stage>& stages, const YamlNode& at,
                           const std::string& path, bool text_too) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        for (const Field& field : stages[i].output.fields) {
            const bool fits =
                field.type == FieldType::label || (text_too && field.type == FieldType::text);
            const std::string full = stages[i].name + "." + field.name;
            if (fits && full == path) return Source{i, &field};
            if (fits) known.push_back(full);
        }
    }
    return refused(at, in_quotes(path) + " is no " + (text_too ? "label or text" : "label") +
                           " of a stage (stage.field)" + did_you_mean(path, known));
}

Result<void> check_label(const YamlNode& at, const Field& field, const std::string& value) {
    const auto& labels = field.labels;
    if (std::find(labels.begin(), labels.end(), value) != labels.end()) return {};
    return refused(at, in_quotes(value) + " is no label of " + in_quotes(field.name) +
                           did_you_mean(value, labels));
}

Result<Remembered> read_one_remembered(const YamlNode& key, const YamlNode& value,
                                       const std::vector<Stage>& stages) {
    Remembered out;
    out.name = key.text();
    if (!is_word(out.name)) {
        return refused(key, "a remembered name is a word of a-z, 0-9 and _, at most 32");
    }
    YamlMap map(value, "remembered " + in_quotes(out.name));
    std::string from;
    map.need("from");
    map.read("from", from);
    map.read("initial", out.initial);
    const YamlNode from_node = map.any("from"), initial = map.any("initial");
    const YamlNode unless = map.any("unless");
    if (auto ok = map.finish(); !ok) return tl::unexpected<Error>(ok.error());
    const auto source = find_source(stages, from_node, from, true);
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
    const std::string path = stages[out.stage].name + "." + field.text();
    const auto condition = find_source(stages, field, path, false);
    if (!condition) return tl::unexpected<Error>(condition.error());
    if (auto ok = check_label(label, *condition->field, label.text()); !ok) {
        return tl::unexpected<Error>(ok.error());
    }
    out.unless_field = field.text();
    out.unless_value = label.text();
    return out;
}

std::size_t state_bytes(const Remembered& remembered, const std::vector<Stage>& stages) {
    for (const Field& source : stages[remembered.stage].output.fields) {
        if (source.name != remembered.field) continue;
        Field field = source;
        field.name = remembered.name;
        return packed_bytes_max({field});
    }
    return 0;
}

}  // namespace

Result<std::vector<Remembered>> read_remembered(const YamlNode& node,
                                                const std::vector<Stage>& stages) {
    std::vector<Remembered> out;
    if (node.kind() == YamlNode::Kind::empty) return out;
    if (node.kind() != YamlNode::Kind::map || node.entries().size() > remembered_max) {
        return refused(node, "\"remember\" must be a map of at most " +
                                 std::to_string(remembered_max) + " names");
    }
    std::size_t bytes = 0;
    for (const auto& [key, value] : node.entries()) {
        auto remembered = read_one_remembered(key, value, stages);
        if (!remembered) return tl::unexpected<Error>(remembered.error());
        bytes += state_bytes(*remembered, stages);
        if (bytes > wire::state_bytes_max) {
            return refused(key, "sessions could remember more than " +
                                    std::to_string(wire::state_bytes_max) +
                                    " bytes: lower chars_max");
        }
        out.push_back(std::move(*remembered));
    }
    return out;
}

Result<std::optional<Condition>> read_careful(const YamlNode& node,
                                              const std::vector<Stage>& stages) {
    if (node.kind() == YamlNode::Kind::empty) return std::nullopt;
    if (node.kind() != YamlNode::Kind::map || node.entries().size() != 1) {
        return refused(node, "\"careful\" must be one stage.field and its label");
    }
    const auto& [path, label] = node.entries().front();
    const auto source = find_source(stages, path, path.text(), false);
    if (!source) return tl::unexpected<Error>(source.error());
    if (auto ok = check_label(label, *source->field, label.text()); !ok) {
        return tl::unexpected<Error>(ok.error());
    }
    return Condition{source->stage, source->field->name, label.text()};
}

}  // namespace emostage::worker
