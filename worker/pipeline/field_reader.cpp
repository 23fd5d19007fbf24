#include "worker/pipeline/field_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/config/nearest.hpp"
#include "worker/pipeline/output_words.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

using config::in_quotes;
using config::refused;
using config::YamlMap;
using config::YamlNode;

constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t words_max = 16;  // of one label in one language
constexpr double number_max = 1e9;

class FieldReader {
public:
    FieldReader(YamlNode node, std::string name, std::string what, bool in_list)
        : map_(std::move(node), std::move(what)), in_list_(in_list) {
        field_.name = std::move(name);
    }

    Result<Field> read() {
        static const std::vector<std::string> types{"text",   "label",   "integer",
                                                    "number", "boolean", "list"};
        map_.need("type");
        std::size_t type = 0;
        map_.read_choice("type", type, types);
        field_.type = static_cast<FieldType>(type);
        switch (field_.type) {
            case FieldType::text:
                map_.read("chars_max", field_.chars_max, 1, text_chars_max);
                break;
            case FieldType::label:
                map_.need("labels");
                read_labels(map_.any("labels"));
                break;
            case FieldType::integer:
            case FieldType::number:
                read_range();
                break;
            case FieldType::boolean:
                break;
            case FieldType::list:
                read_list();
                break;
        }
        if (field_.type != FieldType::list) read_default();
        if (auto ok = map_.finish(); !ok) return tl::unexpected<Error>(ok.error());
        return std::move(field_);
    }

private:
    void read_range() {
        map_.need("min");
        map_.need("max");
        if (field_.type == FieldType::integer) {
            constexpr auto most = static_cast<std::int64_t>(number_max);
            std::int64_t min = 0, max = 0;
            map_.read("min", min, -most, most);
            map_.read("max", max, -most, most);
            field_.min = static_cast<double>(min);
            field_.max = static_cast<double>(max);
        } else {
            map_.read("min", field_.min, -number_max, number_max);
            map_.read("max", field_.max, -number_max, number_max);
        }
        if (field_.min > field_.max) map_.refuse(map_.any("min"), "\"min\" is above \"max\"");
    }

    void read_labels(const YamlNode& labels) {
        const bool named = labels.kind() == YamlNode::Kind::map;
        if (labels.kind() == YamlNode::Kind::empty) return;
        if (!named && labels.kind() != YamlNode::Kind::list) {
            return map_.refuse(labels, "\"labels\" must be a list, or a map of labels to words");
        }
        const std::size_t count = named ? labels.entries().size() : labels.items().size();
        if (count < 2 || count > labels_max) {
            return map_.refuse(labels,
                               "\"labels\" must be 2 to " + std::to_string(labels_max) + " words");
        }
        for (std::size_t i = 0; i < count; ++i) {
            const YamlNode& label = named ? labels.entries()[i].first : labels.items()[i];
            if (label.kind() != YamlNode::Kind::scalar || !is_word(label.text())) {
                return map_.refuse(label, "a label is a word of a-z, 0-9 and _, at most 32");
            }
            field_.labels.push_back(label.text());
            take_meaning(label, label.text());
            field_.words.push_back(named ? read_words(labels.entries()[i].second) : LabelWords());
        }
    }

    LabelWords read_words(const YamlNode& node) {
        LabelWords out;
        YamlMap map(node, "label " + in_quotes(field_.labels.back()));
        for (const Language language : languages) {
            const std::string key(name(language));
            const YamlNode value = map.any(key);
            std::vector<std::string>& words = out[language];
            if (value.kind() == YamlNode::Kind::list) {
                map.read(key, words, words_max, word_bytes_max);
            } else if (value.kind() != YamlNode::Kind::empty) {
                map.read(key, words.emplace_back(), word_bytes_max);
            }
            for (const std::string& word : words) take_meaning(value, word);
        }
        map_.take(map.finish());
        return out;
    }

    // What is said must mean one label only, however it is spelled.
    void take_meaning(const YamlNode& at, const std::string& word) {
        const std::size_t label = field_.labels.size() - 1;
        if (add_meaning(field_, word, label)) return;
        const std::string meaning = folded(word);
        if (meaning.empty()) return map_.refuse(at, in_quotes(word) + " has no letters");
        map_.refuse(at, in_quotes(word) + " also means the label " +
                            in_quotes(field_.labels[field_.meanings.at(meaning)]));
    }

    void read_list() {
        map_.need("items_max");
        map_.read("items_max", field_.items_max, 1, list_items_max);
        const YamlNode item = map_.any("item");
        const YamlNode fields = map_.any("fields");
        if (item.kind() == YamlNode::Kind::empty && fields.kind() == YamlNode::Kind::empty) {
            return map_.refuse(map_.node(), "a list needs \"item\" or \"fields\"");
        }
        if (item.kind() != YamlNode::Kind::empty && fields.kind() != YamlNode::Kind::empty) {
            return map_.refuse(fields, "a list has \"item\" or \"fields\", not both");
        }
        if (item.kind() != YamlNode::Kind::empty) {
            return add_item(item, "", "an item of " + in_quotes(field_.name));
        }
        if (fields.kind() != YamlNode::Kind::map || fields.entries().size() > fields_max) {
            return map_.refuse(fields, "\"fields\" must be a map of 1 to " +
                                           std::to_string(fields_max) + " fields");
        }
        for (const auto& [key, value] : fields.entries()) {
            if (!is_field_name(key)) return;
            add_item(value, key.text(),
                     "field " + in_quotes(key.text()) + " of " + in_quotes(field_.name));
        }
    }

    bool is_field_name(const YamlNode& key) {
        if (is_word(key.text()) && !key.text().ends_with("_is") && !key.text().ends_with("_text")) {
            return true;
        }
        map_.refuse(key,
                    "a field's name is a word of a-z, 0-9 and _, at most 32, without _is or "
                    "_text at its end");
        return false;
    }

    void add_item(const YamlNode& node, const std::string& name, const std::string& what) {
        auto item = FieldReader(node, name, what, true).read();
        if (!item) return map_.take(tl::unexpected<Error>(item.error()));
        if (item->type == FieldType::list) return map_.refuse(node, "a list in a list");
        field_.item.push_back(std::move(*item));
    }

    void read_default() {
        if (!map_.has("default")) {
            if (in_list_) return;  // without one, the item is dropped
            if (field_.type != FieldType::text) return map_.need("default");
            field_.default_json = "\"\"";
            return;
        }
        const YamlNode node = map_.any("default");
        nlohmann::json value;
        switch (field_.type) {
            case FieldType::text: {
                std::string text;
                map_.read("default", text, text_chars_max);
                value = std::string(cut_chars(one_line(text), field_.chars_max));
                break;
            }
            case FieldType::label:
                value = read_default_label(node);
                break;
            case FieldType::integer: {
                auto number = static_cast<std::int64_t>(field_.min);
                if (field_.min <= field_.max) {
                    map_.read("default", number, static_cast<std::int64_t>(field_.min),
                              static_cast<std::int64_t>(field_.max));
                }
                value = number;
                break;
            }
            case FieldType::number: {
                double number = field_.min;
                map_.read("default", number, field_.min, field_.max);
                value = number;
                break;
            }
            case FieldType::boolean: {
                bool flag = false;
                map_.read("default", flag);
                value = flag;
                break;
            }
            case FieldType::list:
                break;
        }
        field_.default_json = value.dump();
    }

    std::string read_default_label(const YamlNode& node) {
        std::string label;
        map_.read("default", label);
        const bool known =
            std::find(field_.labels.begin(), field_.labels.end(), label) != field_.labels.end();
        if (!known) {
            map_.refuse(node, "the default " + in_quotes(label) + " is none of the labels" +
                                  config::did_you_mean(label, field_.labels));
        }
        return label;
    }

    YamlMap map_;
    bool in_list_;
    Field field_;
};

}  // namespace

bool is_word(std::string_view text) {
    constexpr std::size_t bytes_max = 32;
    if (text.empty() || text.size() > bytes_max || text[0] < 'a' || text[0] > 'z') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

Result<std::vector<Field>> read_fields(const YamlNode& node, const std::string& what) {
    if (node.kind() != YamlNode::Kind::map || node.entries().empty()) {
        return refused(node, what + " must be a map of fields");
    }
    if (node.entries().size() > fields_max) {
        return refused(node, what + " has more than " + std::to_string(fields_max) + " fields");
    }
    std::vector<Field> fields;
    for (const auto& [key, value] : node.entries()) {
        const std::string& name = key.text();
        if (!is_word(name) || name.ends_with("_is") || name.ends_with("_text")) {
            return refused(key,
                           "a field's name is a word of a-z, 0-9 and _, at most 32, without "
                           "_is or _text at its end");
        }
        auto field =
            FieldReader(value, name, "field " + in_quotes(name) + " of " + what, false).read();
        if (!field) return tl::unexpected<Error>(field.error());
        fields.push_back(std::move(*field));
    }
    return fields;
}

std::size_t packed_bytes_max(const std::vector<Field>& fields) {
    constexpr std::size_t head = 5;  // of a string, list or map in msgpack
    constexpr std::size_t number = 9;
    constexpr std::size_t utf8_bytes_max = 4;
    std::size_t bytes = head;
    for (const Field& field : fields) {
        bytes += head + field.name.size();
        switch (field.type) {
            case FieldType::text:
                bytes += head + field.chars_max * utf8_bytes_max;
                break;
            case FieldType::label:
                bytes += head + word_bytes_max;
                break;
            case FieldType::integer:
            case FieldType::number:
            case FieldType::boolean:
                bytes += number;
                break;
            case FieldType::list:
                bytes += head + field.items_max * packed_bytes_max(field.item);
                break;
        }
    }
    return bytes;
}

}  // namespace emostage::worker
