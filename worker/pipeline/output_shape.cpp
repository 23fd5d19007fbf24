#include <nlohmann/json.hpp>

#include "worker/pipeline/output.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::ordered_json;

constexpr double enumerated_max = 16;  // integers in a range this small are listed one by one

bool of_objects(const Field& list) {
    return list.item.size() != 1 || !list.item.front().name.empty();
}

// Strict mode wants every property required and no others.
Json object_schema(const std::vector<Field>& fields);

Json schema(const Field& field) {
    switch (field.type) {
        case FieldType::text:
            return {{"type", "string"}};
        case FieldType::label:
            return {{"type", "string"}, {"enum", field.labels}};
        case FieldType::integer: {
            const auto min = static_cast<std::int64_t>(field.min);
            const auto max = static_cast<std::int64_t>(field.max);
            if (field.max - field.min >= enumerated_max) {
                return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
            }
            Json values = Json::array();
            for (std::int64_t value = min; value <= max; ++value) values.push_back(value);
            return {{"type", "integer"}, {"enum", values}};
        }
        case FieldType::number:
            return {{"type", "number"}, {"minimum", field.min}, {"maximum", field.max}};
        case FieldType::boolean:
            return {{"type", "boolean"}};
        case FieldType::list:
            return {{"type", "array"},
                    {"items",
                     of_objects(field) ? object_schema(field.item) : schema(field.item.front())},
                    {"maxItems", field.items_max}};
    }
    return Json::object();
}

Json object_schema(const std::vector<Field>& fields) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Field& field : fields) {
        properties[field.name] = schema(field);
        required.push_back(field.name);
    }
    return {{"type", "object"},
            {"properties", properties},
            {"required", required},
            {"additionalProperties", false}};
}

// A string literal of GBNF that stands for this text.
std::string literal(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string rule(const Field& field);

std::string object_rule(const std::vector<Field>& fields) {
    std::string out = "\"{\" ws";
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) out += " \",\" ws";
        out +=
            " " + literal("\"" + fields[i].name + "\"") + " ws \":\" ws " + rule(fields[i]) + " ws";
    }
    return out + " \"}\"";
}

std::string alternatives(const std::vector<std::string>& literals) {
    std::string out;
    for (const std::string& one : literals) out += (out.empty() ? "" : " | ") + one;
    return "(" + out + ")";
}

std::string rule(const Field& field) {
    switch (field.type) {
        case FieldType::text:
            return R"("\"" char{1,)" + std::to_string(field.chars_max) + R"(} "\"")";
        case FieldType::label: {
            std::vector<std::string> literals;
            for (const std::string& label : field.labels) {
                literals.push_back(literal("\"" + label + "\""));
            }
            return alternatives(literals);
        }
        case FieldType::integer: {
            if (field.max - field.min >= enumerated_max) return "integer";
            std::vector<std::string> literals;
            for (auto value = static_cast<std::int64_t>(field.min);
                 value <= static_cast<std::int64_t>(field.max); ++value) {
                literals.push_back(literal(std::to_string(value)));
            }
            return alternatives(literals);
        }
        case FieldType::number:
            return "number";
        case FieldType::boolean:
            return R"(("true" | "false"))";
        case FieldType::list: {
            const std::string item =
                "(" + (of_objects(field) ? object_rule(field.item) : rule(field.item.front())) +
                ")";
            const std::string more =
                field.items_max > 1
                    ? " (ws \",\" ws " + item + "){0," + std::to_string(field.items_max - 1) + "}"
                    : "";
            return "\"[\" ws (" + item + more + ")? ws \"]\"";
        }
    }
    return {};
}

}  // namespace

llm::AnswerShape make_shape(const std::string& name, const std::vector<Field>& fields) {
    llm::AnswerShape shape;
    shape.name = name;
    shape.json_schema = object_schema(fields).dump();
    shape.gbnf = "root ::= " + object_rule(fields) + "\n" +
                 R"(char ::= [^"\\\x00-\x1F\x7F] | "\\" ["\\/bfnrt])" + "\n" +
                 R"(integer ::= "-"? ("0" | [1-9] [0-9]{0,15}))" + "\n" +
                 R"(number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,6})?)" + "\n" +
                 R"(ws ::= [ \n]?)" + "\n";
    return shape;
}

}  // namespace emostage::worker
