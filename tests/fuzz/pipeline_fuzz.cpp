// Pipeline files and prompts. The first byte says which: `y` a pipeline.yaml whose prompts all
// exist, `m` a prompt.
#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "tests/fuzz/check.hpp"
#include "worker/pipeline/pipeline_reader.hpp"

namespace emostage::worker {
namespace {

class AnyPrompt final : public PromptFiles {
public:
    bool exists(const std::string&) const override { return true; }
    Result<std::string> read(const std::string&) const override { return std::string("x"); }
    std::string shown(const std::string& path) const override { return path; }
    std::vector<std::string> paths() const override { return {"p/reply.en.mustache"}; }
};

void check_error(const Error& error) {
    CHECK(error.code == Errc::config);
    CHECK(error.message.starts_with("f"));
    CHECK(error.message.size() < 1024);
    CHECK(simdjson::validate_utf8(error.message));
}

void fuzz_yaml(const std::string& text) {
    const auto root = config::parse_yaml("f.yaml", text);
    if (!root) return check_error(root.error());
    const auto pipeline = read_pipeline("p", *root, AnyPrompt());
    if (!pipeline) {
        CHECK(pipeline.error().code == Errc::config);
        CHECK(pipeline.error().message.size() < 1024);
        return;
    }
    CHECK(!pipeline->stages.empty() && pipeline->stages.size() <= stages_max);
    CHECK(pipeline->reply < pipeline->stages.size());
    for (std::size_t i = 0; i < pipeline->stages.size(); ++i) {
        const Stage& stage = pipeline->stages[i];
        CHECK(stage.streams == (i == pipeline->reply));
        CHECK(stage.output.typed() != stage.streams);
        CHECK(stage.instruction.size() == pipeline->preamble.size());
        for (const std::size_t before : stage.after) CHECK(before < i);
        if (stage.streams) continue;
        const std::string defaults = default_output(stage.output);
        CHECK(nlohmann::json::parse(defaults).size() == stage.output.fields.size());
        CHECK(nlohmann::json::parse(stage.output.shape->json_schema).is_object());
    }
}

void fuzz_prompt(const std::string& text) {
    const auto prompt = Prompt::compile("f.mustache", text);
    if (!prompt) return check_error(prompt.error());
    const nlohmann::json values = {
        {"a", "{{b}}"}, {"b", {{{"a", 1}}, {{"c", true}}}}, {"c", {{"a", ""}}}, {"d", {"x", "y"}}};
    const std::string out = prompt->render(values);
    CHECK(out.size() <= prompt_bytes_max);
    CHECK(out.find("\n\n\n") == out.npos);
    CHECK(prompt->render(values) == out);
}

}  // namespace
}  // namespace emostage::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'y') emostage::worker::fuzz_yaml(rest);
    if (data[0] == 'm') emostage::worker::fuzz_prompt(rest);
    return 0;
}
