// Typed outputs: what a stage's answer must be, and reading a model's text against it.
//
// Model output is untrusted: JSON in prose or fences, wrong types, labels in other spellings, endless
// lists. Reading is lenient where the meaning is plain and bounded everywhere. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/client.hpp"

namespace emostage::worker {

enum class FieldType : std::uint8_t { text, label, integer, number, boolean, list };

struct Field {
    std::string name;
    FieldType type = FieldType::text;
    std::size_t chars_max = 400;           // text: characters; longer is cut
    std::vector<std::string> labels;       // label: the closed set
    double min = 0, max = 0;               // integer, number: the closed range
    std::size_t items_max = 0;             // list: more are cut
    std::vector<Field> item;               // list: one nameless field, or the fields of each object
    std::string default_json;              // JSON text: stands in when the model's value is unusable
};

// Free text (a reply) where there are no fields.
struct OutputSpec {
    std::vector<Field> fields;
    std::shared_ptr<const llm::AnswerShape> shape;  // null for free text

    bool typed() const { return !fields.empty(); }
};

struct TypedOutput {
    std::string result_json;                // an object with every field of the spec
    std::vector<std::string> defaulted;     // names of fields that are defaults
    std::string complaint;                  // for the repair call: what was wrong, without quoting it
    bool valid() const { return defaulted.empty(); }
};

inline constexpr std::size_t answer_scan_bytes_max = 64 * 1024;  // of an answer that is looked at

TypedOutput read_output(const OutputSpec& spec, std::string_view answer);

// Every field its default: for a stage that did not end.
std::string default_output(const OutputSpec& spec);

// JSON schema and GBNF grammar of the fields.
llm::AnswerShape make_shape(const std::string& name, const std::vector<Field>& fields);

}  // namespace emostage::worker
