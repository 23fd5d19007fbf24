// Typed outputs: what a stage's answer must be, and reading a model's text against it.
//
// Model output is untrusted: JSON in prose or fences, wrong types, labels in other spellings,
// endless lists. Reading is lenient where the meaning is plain and bounded everywhere. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/client.hpp"
#include "worker/pipeline/language.hpp"

namespace emostage::worker {

// What a label is called in a language: the first is shown in prompts, all are understood in
// answers.
using LabelWords = std::map<Language, std::vector<std::string>>;

enum class FieldType : std::uint8_t { text, label, integer, number, boolean, list };

struct Field {
    std::string name;
    FieldType type = FieldType::text;
    std::size_t chars_max = 400;                  // text: characters; longer is cut
    std::vector<std::string> labels;              // label: the closed set
    std::vector<LabelWords> words;                // of each label, in the same order
    std::map<std::string, std::size_t> meanings;  // label: what may be said, folded, to its label
    double min = 0, max = 0;                      // integer, number: the closed range
    std::size_t items_max = 0;                    // list: more are cut
    std::vector<Field> item;   // list: one nameless field, or the fields of each object
    std::string default_json;  // JSON text: stands in when the model's value is unusable;
                               // empty (fields of items only): the item is dropped
};

// Free text (a reply) where there are no fields.
struct OutputSpec {
    std::vector<Field> fields;
    std::shared_ptr<const llm::AnswerShape> shape;  // null for free text

    bool typed() const { return !fields.empty(); }
};

struct TypedOutput {
    // An object with every field of the spec, in their order.
    std::shared_ptr<const nlohmann::ordered_json> result;
    std::vector<std::string> defaulted;  // names of fields that are defaults
    std::string complaint;               // for the repair call: a line for each of them with what
                                         // was expected; never quotes the answer
    bool valid() const { return defaulted.empty(); }
};

inline constexpr std::size_t answer_scan_bytes_max = 32 * 1024;  // of an answer that is looked at

inline constexpr std::size_t answer_read_bytes_max = 128 * 1024;  // by all tries together
inline constexpr std::size_t answer_depth_max = 8;                // of lists and objects
inline constexpr std::size_t answer_values_max = 512;             // in one object
inline constexpr std::size_t answer_objects_max = 64;  // beginnings of an object that are tried

// Of the objects in the text, also in prose, in fences, inside another object, after reasoning, the
// first that gives the most fields counts. Trailing commas, single or full-width quotes, bare
// words, missing end brackets are mended. Never fails: what cannot be used is a default and named.
TypedOutput read_output(const OutputSpec& spec, std::string_view answer);

// Every field its default: for a stage that did not end.
std::string default_output(const OutputSpec& spec);

// JSON schema and GBNF grammar of the fields.
llm::AnswerShape make_shape(const std::string& name, const std::vector<Field>& fields);

}  // namespace emostage::worker
