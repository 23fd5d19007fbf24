#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text/utf8_cleaner.hpp"
#include "worker/pipeline/loose_json.hpp"
#include "worker/pipeline/output.hpp"
#include "worker/pipeline/output_words.hpp"
#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t number_bytes_max = 32;

std::optional<OrderedJson> read_value(const Field& field, const Json& value);

std::optional<OrderedJson> read_text(const Field& field, const Json& value) {
    std::string text;
    const auto add = [&](const Json& part) {
        if (part.is_string()) text += part.get_ref<const std::string&>();
        if (part.is_number()) text += part.dump();
    };
    if (value.is_array()) {  // sentences as a list
        for (const Json& part : value) {
            add(part);
            text += ' ';
        }
    } else {
        add(value);
    }
    const std::string line = one_line(text);
    if (line.empty()) return std::nullopt;
    return std::string(cut_chars(line, field.chars_max));
}

std::optional<OrderedJson> read_label(const Field& field, const Json& value) {
    if (!value.is_string()) return std::nullopt;
    const auto index = find_label(field, value.get_ref<const std::string&>());
    if (!index) return std::nullopt;
    return field.labels[*index];
}

std::optional<double> as_number(const Json& value) {
    double number = 0;
    if (value.is_number()) {
        number = value.get<double>();
    } else if (value.is_string()) {
        const std::string text = narrow_number(value.get_ref<const std::string&>());
        if (text.empty() || text.size() > number_bytes_max) return std::nullopt;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    } else {
        return std::nullopt;
    }
    if (!std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<OrderedJson> read_number(const Field& field, const Json& value) {
    const auto number = as_number(value);
    if (!number || *number < field.min || *number > field.max) return std::nullopt;
    if (field.type == FieldType::number) return *number;
    if (*number != std::floor(*number)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

std::optional<OrderedJson> read_boolean(const Json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_integer() && (value == 0 || value == 1)) return value == 1;
    if (!value.is_string()) return std::nullopt;
    const std::string word = folded(value.get_ref<const std::string&>());
    for (const std::string_view yes : {"true", "yes", "はい", "是", "对"}) {
        if (word == yes) return true;
    }
    for (const std::string_view no : {"false", "no", "いいえ", "否", "不是"}) {
        if (word == no) return false;
    }
    return std::nullopt;
}

const Json* find_member(const Json& object, const std::string& name) {
    if (const auto exact = object.find(name); exact != object.end()) return &*exact;
    const std::string wanted = folded(name);
    for (const auto& [key, value] : object.items()) {
        if (folded(key) == wanted) return &value;
    }
    return nullptr;
}

std::optional<OrderedJson> default_of(const Field& field) {
    if (field.default_json.empty()) return std::nullopt;
    auto value = OrderedJson::parse(field.default_json, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

// An object of the list, or its first field alone: the rest are defaults.
std::optional<OrderedJson> read_item_object(const std::vector<Field>& fields, const Json& value) {
    OrderedJson out = OrderedJson::object();
    bool usable = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Field& field = fields[i];
        const Json* member = value.is_object() ? find_member(value, field.name) : nullptr;
        if (!value.is_object() && i == 0) member = &value;
        std::optional<OrderedJson> read = member ? read_value(field, *member) : std::nullopt;
        usable = usable || read.has_value();
        if (!read) read = default_of(field);
        if (!read) return std::nullopt;
        out[field.name] = std::move(*read);
    }
    if (!usable) return std::nullopt;
    return out;
}

std::optional<OrderedJson> read_item(const Field& list, const Json& value) {
    const bool scalars = list.item.size() == 1 && list.item.front().name.empty();
    return scalars ? read_value(list.item.front(), value) : read_item_object(list.item, value);
}

bool same_item(const OrderedJson& a, const OrderedJson& b) {
    if (!a.is_object() || !b.is_object() || a.empty() || b.empty()) return a == b;
    return a.begin().value() == b.begin().value();  // the first field names the thing
}

// Usable items, each once; nothing where there were items and none could be used.
std::optional<OrderedJson> read_items(const Field& list, const std::vector<Json>& items) {
    OrderedJson out = OrderedJson::array();
    for (const Json& item : items) {
        if (out.size() == list.items_max) break;
        auto read = read_item(list, item);
        if (!read) continue;
        const bool known = std::any_of(out.begin(), out.end(), [&](const OrderedJson& earlier) {
            return same_item(earlier, *read);
        });
        if (!known) out.push_back(std::move(*read));
    }
    if (out.empty() && !items.empty()) return std::nullopt;
    return out;
}

std::optional<OrderedJson> read_list(const Field& list, const Json& value) {
    if (value.is_null()) return OrderedJson::array();
    if (value.is_array()) return read_items(list, value.get<std::vector<Json>>());
    if (value.is_string() && list.item.front().type == FieldType::label) {
        // "sadness, fear": only labels can be told apart by what stands between them.
        std::vector<Json> parts;
        for (std::string& part : split_words(value.get_ref<const std::string&>())) {
            parts.emplace_back(std::move(part));
        }
        if (auto several = read_items(list, parts)) return several;
    }
    return read_items(list, {value});
}

std::optional<OrderedJson> read_value(const Field& field, const Json& value) {
    switch (field.type) {
        case FieldType::text:
            return read_text(field, value);
        case FieldType::label:
            return read_label(field, value);
        case FieldType::integer:
        case FieldType::number:
            return read_number(field, value);
        case FieldType::boolean:
            return read_boolean(value);
        case FieldType::list:
            return read_list(field, value);
    }
    return std::nullopt;
}

// The values that an object gives, one for each field.
using Values = std::vector<std::optional<OrderedJson>>;

std::size_t usable(const Values& values) {
    return static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [](const auto& value) { return !!value; }));
}

Values read_fields(const std::vector<Field>& fields, const Json& object) {
    Values values(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (const Json* member = find_member(object, fields[i].name)) {
            values[i] = read_value(fields[i], *member);
        }
    }
    return values;
}

// Of the objects in the text, the first that gives the most: models think aloud, quote the asked
// shape, wrap the answer in another object.
Values read_best_object(const std::vector<Field>& fields, std::string_view answer) {
    Values best(fields.size());
    std::size_t at = answer.find('{');
    std::size_t bytes_read = 0;
    for (std::size_t tried = 0; tried < answer_objects_max && at != answer.npos; ++tried) {
        if (bytes_read > answer_read_bytes_max) break;
        const auto loose =
            read_loose_object(answer.substr(at), answer_depth_max, answer_values_max);
        bytes_read += loose.bytes_read;
        const Json object = loose.json.empty() ? Json() : Json::parse(loose.json, nullptr, false);
        if (object.is_object()) {
            Values values = read_fields(fields, object);
            if (usable(values) > usable(best)) best = std::move(values);
            if (usable(best) == fields.size()) break;
        }
        at = answer.find('{', at + 1);
    }
    return best;
}

OrderedJson with_default(const Field& field, std::optional<OrderedJson> value) {
    if (value) return std::move(*value);
    if (auto fallback = default_of(field)) return std::move(*fallback);
    return field.type == FieldType::list ? OrderedJson::array() : OrderedJson("");
}

}  // namespace

TypedOutput read_output(const OutputSpec& spec, std::string_view answer) {
    TypedOutput output;
    OrderedJson result = OrderedJson::object();
    const std::string text = clean_utf8(answer.substr(0, answer_scan_bytes_max));
    Values values = read_best_object(spec.fields, text);
    // A single field may be answered without its object.
    if (spec.fields.size() == 1 && !values[0] && spec.fields[0].type != FieldType::text) {
        if (const std::string line = one_line(text); !line.empty()) {
            values[0] = read_value(spec.fields[0], line);
        }
    }
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
        const Field& field = spec.fields[i];
        std::optional<OrderedJson>& value = values[i];
        if (!value) {
            output.defaulted.push_back(field.name);
            output.complaint += "\"" + field.name + "\": " + expected(field) + "\n";
        }
        result[field.name] = with_default(field, std::move(value));
    }
    output.result = std::make_shared<const OrderedJson>(std::move(result));
    return output;
}

std::string default_output(const OutputSpec& spec) {
    OrderedJson result = OrderedJson::object();
    for (const Field& field : spec.fields) result[field.name] = with_default(field, std::nullopt);
    return result.dump();
}

}  // namespace emostage::worker
