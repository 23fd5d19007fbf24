#include "bench/gate/script.hpp"

#include <gtest/gtest.h>

#include "bench/gate/broker_script.hpp"
#include "bench/gate/words.hpp"
#include "bench/gate/worker_script.hpp"

namespace emostage::gate {
namespace {

constexpr std::size_t cancelled = turns / rare;

std::shared_ptr<const worker::Pipeline> pipeline() {
    static const auto pipelines =
        worker::load_pipelines(EMOSTAGE_SOURCE_DIR "/schemas/pipelines").value();
    return pipelines.at("emostage");
}

// Of one that is cancelled only what was said before.
std::size_t tokens_of(const Script& script) {
    return (turns - cancelled) * script.tokens + cancelled * disturbed_after;
}

void expect_all_ends(const Counts& counts, const Script& script) {
    EXPECT_EQ(counts.turns, turns);
    EXPECT_EQ(counts.completed, turns - cancelled);
    EXPECT_EQ(counts.cancelled, cancelled);
    EXPECT_EQ(counts.tokens, tokens_of(script));
    EXPECT_EQ(counts.deltas, tokens_of(script) / script.merged);
}

class GateScript : public testing::TestWithParam<Script> {};

TEST_P(GateScript, EveryTurnEndsAsItIsMeantToInABrokerOfEitherKind) {
    const Script& script = GetParam();
    for (const bool durable : {false, true}) {
        const auto counts = run_broker_script(script, durable);
        ASSERT_TRUE(counts) << counts.error().message;
        expect_all_ends(*counts, script);
        EXPECT_GT(counts->replays, turns / rare) << "nothing was heard again";
    }
}

TEST_P(GateScript, EveryTurnEndsAsItIsMeantToInAWorker) {
    const Script& script = GetParam();
    const auto counts = run_worker_script(script, pipeline());
    ASSERT_TRUE(counts) << counts.error().message;
    expect_all_ends(*counts, script);
}

INSTANTIATE_TEST_SUITE_P(All, GateScript, testing::ValuesIn(scripts),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(GateScripts, AWorkerThatCannotReadItsAnalysesIsNotCounted) {
    auto other = std::make_shared<worker::Pipeline>(*pipeline());
    for (auto& stage : other->stages) {
        for (auto& field : stage.output.fields) field.name = "other_" + field.name;
    }
    EXPECT_FALSE(run_worker_script(scripts[0], other));
}

TEST(GateScripts, RepliesHaveAsManyTokensAsTheScriptSaysInEachLanguage) {
    for (std::size_t turn = 0; turn < 3; ++turn) {
        for (const auto& script : scripts) {
            EXPECT_EQ(reply_of(turn, script.tokens).count(), script.tokens);
        }
    }
    EXPECT_NE(words_of(0).locale, words_of(1).locale);
    EXPECT_NE(words_of(1).locale, words_of(2).locale);
}

}  // namespace
}  // namespace emostage::gate
