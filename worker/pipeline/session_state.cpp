#include "worker/pipeline/session_state.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schemas/limits.hpp"
#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

// Takes a flat map of texts from msgpack and stops the parser at anything else, so that its
// recursion cannot go deep.
class FlatMapReader final : public nlohmann::json_sax<Json> {
public:
    SessionState values;

    bool start_object(std::size_t) override { return depth_++ == 0; }
    bool key(string_t& name) override {
        key_ = name;
        return true;
    }
    bool string(string_t& value) override {
        if (depth_ != 1) return false;
        values.insert_or_assign(key_, value);
        return true;
    }
    bool end_object() override { return true; }

    bool null() override { return depth_ == 1; }
    bool boolean(bool) override { return depth_ == 1; }
    bool number_integer(number_integer_t) override { return depth_ == 1; }
    bool number_unsigned(number_unsigned_t) override { return depth_ == 1; }
    bool number_float(number_float_t, const string_t&) override { return depth_ == 1; }
    bool binary(binary_t&) override { return depth_ == 1; }
    bool start_array(std::size_t) override { return false; }
    bool end_array() override { return false; }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
        return false;
    }

private:
    std::size_t depth_ = 0;
    std::string key_;
};

const Field* find_field(const Pipeline& pipeline, std::size_t stage, const std::string& name) {
    const auto& fields = pipeline.stages[stage].output.fields;
    const auto at = std::find_if(fields.begin(), fields.end(),
                                 [&](const Field& field) { return field.name == name; });
    return at == fields.end() ? nullptr : &*at;
}

// The value as it was written, made fit again; nothing where it cannot be one.
std::optional<std::string> checked(const Field& field, const std::string& value) {
    if (field.type == FieldType::label) {
        const bool known =
            std::find(field.labels.begin(), field.labels.end(), value) != field.labels.end();
        return known ? std::optional(value) : std::nullopt;
    }
    return std::string(cut_chars(one_line(value), field.chars_max));
}

bool is_default(const TypedOutput& output, const std::string& field) {
    return std::find(output.defaulted.begin(), output.defaulted.end(), field) !=
           output.defaulted.end();
}

std::string as_text(const nlohmann::ordered_json& object, const std::string& field) {
    const auto value = object.find(field);
    if (value == object.end()) return {};
    return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

SessionState initial_state(const Pipeline& pipeline) {
    SessionState state;
    for (const Remembered& value : pipeline.remembered) state[value.name] = value.initial;
    return state;
}

SessionState unpack_state(const Pipeline& pipeline, const wire::Packed& packed) {
    SessionState state = initial_state(pipeline);
    if (packed.bytes.empty() || packed.bytes.size() > wire::state_bytes_max) return state;
    FlatMapReader reader;
    if (!Json::sax_parse(packed.bytes, &reader, Json::input_format_t::msgpack)) return state;
    for (const Remembered& value : pipeline.remembered) {
        const auto found = reader.values.find(value.name);
        const Field* field = find_field(pipeline, value.stage, value.field);
        if (found == reader.values.end() || !field) continue;
        if (auto kept = checked(*field, found->second)) state[value.name] = std::move(*kept);
    }
    return state;
}

wire::Packed pack_state(const SessionState& state) {
    wire::Packed packed;
    Json::to_msgpack(Json(state), packed.bytes);
    return packed;
}

SessionState remember(const Pipeline& pipeline, const StageResults& results,
                      const SessionState& old_state) {
    SessionState state = initial_state(pipeline);
    for (auto& [name, value] : state) {
        if (const auto old = old_state.find(name); old != old_state.end()) value = old->second;
    }
    for (const Remembered& value : pipeline.remembered) {
        const auto result = results.find(value.stage);
        if (result == results.end() || is_default(result->second, value.field)) continue;
        const auto& object = result->second.result;
        if (!object || !object->is_object() || !object->contains(value.field)) continue;
        const bool held = !value.unless_field.empty() &&
                          as_text(*object, value.unless_field) == value.unless_value;
        if (!held) state[value.name] = as_text(*object, value.field);
    }
    return state;
}

std::optional<TypedOutput> unpack_result(const OutputSpec& spec, const wire::Stage& done) {
    if (done.result.bytes.empty() || done.result.bytes.size() > wire::result_bytes_max) return {};
    const Json object = Json::from_msgpack(done.result.bytes, true, false);
    if (!object.is_object()) return {};
    auto output = read_output(spec, object.dump(-1, ' ', false, Json::error_handler_t::replace));
    for (const auto& field : done.defaulted) {
        const bool known = std::any_of(spec.fields.begin(), spec.fields.end(),
                                       [&](const Field& one) { return one.name == field; });
        if (known && !is_default(output, field)) output.defaulted.push_back(field);
    }
    if (output.defaulted.size() == spec.fields.size()) return {};
    return output;
}

Result<wire::Packed> pack_result(const nlohmann::ordered_json& object) {
    if (!object.is_object()) return fail(Errc::internal, "a stage's result is not an object");
    wire::Packed packed;
    nlohmann::ordered_json::to_msgpack(object, packed.bytes);
    if (packed.bytes.size() > wire::result_bytes_max) {
        return fail(Errc::too_large, "a stage's result is larger than " +
                                         std::to_string(wire::result_bytes_max) + " bytes");
    }
    return packed;
}

}  // namespace emostage::worker
