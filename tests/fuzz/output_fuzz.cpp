// What models answer and what comes back as a session's state. The first byte says which: `p` and
// `h` an answer of the stages perspective and phase, `s` a state, `t` an utterance of a transcript.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "schemas/limits.hpp"
#include "tests/fuzz/check.hpp"
#include "worker/pipeline/prompt_values.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

const Pipeline& pipeline() {
    static const std::shared_ptr<const Pipeline> emostage = [] {
        auto loaded = load_pipelines(EMOSTAGE_SOURCE_DIR "/schemas/pipelines");
        CHECK(loaded);
        return loaded->at("emostage");
    }();
    return *emostage;
}

void check_value(const Field& field, const Json& value) {
    switch (field.type) {
        case FieldType::text: {
            CHECK(value.is_string());
            const auto text = value.get<std::string>();
            CHECK(simdjson::validate_utf8(text) && text.size() <= 4 * field.chars_max);
            CHECK(std::none_of(text.begin(), text.end(), [](char c) {
                return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
            }));
            break;
        }
        case FieldType::label:
            CHECK(std::count(field.labels.begin(), field.labels.end(), value) == 1);
            break;
        case FieldType::integer:
        case FieldType::number:
            CHECK(value.is_number() && value >= field.min && value <= field.max);
            break;
        case FieldType::boolean:
            CHECK(value.is_boolean());
            break;
        case FieldType::list:
            CHECK(value.is_array() && value.size() <= field.items_max);
            for (const Json& item : value) {
                if (field.item.front().name.empty()) {
                    check_value(field.item.front(), item);
                    continue;
                }
                CHECK(item.size() == field.item.size());
                for (const Field& inner : field.item) check_value(inner, item.at(inner.name));
            }
            break;
    }
}

void fuzz_answer(std::size_t stage, std::string_view answer) {
    const OutputSpec& spec = pipeline().stages[stage].output;
    const TypedOutput output = read_output(spec, answer);
    const Json result = Json::parse(output.result->dump());
    CHECK(result.size() == spec.fields.size());
    for (const Field& field : spec.fields) check_value(field, result.at(field.name));
    CHECK(output.valid() == output.complaint.empty());
    CHECK(pack_result(*output.result));
    // What was read is read again as itself.
    if (output.valid())
        CHECK(read_output(spec, output.result->dump()).result->dump() == output.result->dump());

    const StageResults results{{stage, output}};
    const SessionState state = remember(pipeline(), results, initial_state(pipeline()));
    CHECK(unpack_state(pipeline(), pack_state(state)) == state);
    const Json values = prompt_values(pipeline(), results, state, {Language::en, false, "help"});
    const Stage& reply = pipeline().stages[pipeline().reply];
    const std::string prompt = reply.instruction.at(Language::en).render(values);
    CHECK(simdjson::validate_utf8(prompt) && prompt.size() <= prompt_bytes_max);
    CHECK(prompt.find("[stage:") == prompt.npos);
}

void fuzz_state(std::string_view bytes) {
    const SessionState state = unpack_state(pipeline(), {std::string(bytes)});
    CHECK(state.size() == pipeline().remembered.size());
    CHECK(pack_state(state).bytes.size() <= wire::state_bytes_max);
    CHECK(unpack_state(pipeline(), pack_state(state)) == state);
}

void fuzz_transcript(std::string_view text) {
    const std::string said(text);
    const auto choice = choose_language("", said, {{wire::Role::user, said}});
    const auto sides = speakers(choice.prompts);
    const std::string out = render_transcript({{wire::Role::assistant, said}}, said, sides.client,
                                              sides.counsellor, 4, 300);
    CHECK(simdjson::validate_utf8(out) && out.size() <= 400);
    CHECK(std::count(out.begin(), out.end(), '\n') <= 5);
    CHECK(std::count(out.begin(), out.end(), '<') == 2);
    CHECK(out.find('[') == out.npos);
}

}  // namespace
}  // namespace emostage::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace emostage::worker;
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
        case 'p':
            fuzz_answer(0, rest);
            break;
        case 'h':
            fuzz_answer(1, rest);
            break;
        case 's':
            fuzz_state(rest);
            break;
        case 't':
            fuzz_transcript(rest);
            break;
        default:
            break;
    }
    return 0;
}
