// The rehearsal plays the emostage pipeline: whatever it says must be in the pipeline's closed
// sets.
#include <set>

#include "bench/rehearsal/cues.hpp"
#include "bench/rehearsal/lines.hpp"
#include "core/config/yaml_reader.hpp"

namespace emostage::rehearsal {
namespace {

using config::YamlNode;

YamlNode under(YamlNode node, const std::vector<std::string>& path) {
    for (const std::string& key : path) {
        YamlNode found;
        for (const auto& [name, value] : node.entries()) {
            if (name.text() == key) found = value;
        }
        EXPECT_NE(found.kind(), YamlNode::Kind::empty) << key;
        node = found;
    }
    return node;
}

// A list of names, or a map whose keys are the names.
std::set<std::string> names(const YamlNode& labels) {
    std::set<std::string> all;
    if (labels.kind() == YamlNode::Kind::list) {
        for (const YamlNode& item : labels.items()) all.insert(item.text());
    } else {
        for (const auto& [name, value] : labels.entries()) all.insert(name.text());
    }
    return all;
}

struct PipelineNames : testing::Test {
    PipelineNames() {
        auto file =
            config::read_yaml_file(EMOSTAGE_SOURCE_DIR "/schemas/pipelines/emostage/pipeline.yaml");
        if (!file) throw std::runtime_error(file.error().message);
        stages = under(*file, {"stages"});
    }
    YamlNode stages;
};

TEST_F(PipelineNames, EveryEmotionIsInTheClosedSet) {
    const auto known =
        names(under(stages, {"perspective", "output", "emotions", "fields", "name", "labels"}));
    for (std::size_t i = 0; i < emotions; ++i) {
        EXPECT_TRUE(known.contains(std::string(name(static_cast<Emotion>(i))))) << i;
    }
}

TEST_F(PipelineNames, EveryNeedIsInTheClosedSet) {
    const auto known = names(under(stages, {"perspective", "output", "needs", "item", "labels"}));
    for (const Need need : {Need::heard, Need::comfort, Need::understanding, Need::encouragement,
                            Need::way_forward, Need::information, Need::connection, Need::safety}) {
        EXPECT_TRUE(known.contains(std::string(name(need)))) << name(need);
    }
}

TEST_F(PipelineNames, RisksAndPhasesAreTheSame) {
    EXPECT_EQ(names(under(stages, {"perspective", "output", "risk", "labels"})),
              (std::set<std::string>{"none", "concern", "alert"}));
    std::set<std::string> ours;
    for (std::size_t i = 0; i < phases; ++i) ours.emplace(name(static_cast<Phase>(i)));
    EXPECT_EQ(names(under(stages, {"phase", "output", "phase", "labels"})), ours);
}

}  // namespace
}  // namespace emostage::rehearsal
