#include "worker/pipeline/session_state.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "schemas/limits.hpp"
#include "tests/worker/pipeline/shipped_pipelines.hpp"

namespace emostage::worker {
namespace {

using Json = nlohmann::json;

const Pipeline& emostage() { return shipped("emostage"); }

wire::Packed packed(const Json& value) {
    wire::Packed out;
    Json::to_msgpack(value, out.bytes);
    return out;
}

StageResults results(const std::string& stage, const std::string& answer) {
    const std::size_t index = stage_named(emostage(), stage);
    return {{index, read_output(emostage().stages[index].output, answer)}};
}

const SessionState first{{"phase", "opening"}, {"risk", "none"}};

TEST(SessionState, BeginsWithTheInitialValues) {
    EXPECT_EQ(initial_state(emostage()), first);
    EXPECT_EQ(initial_state(shipped("base")), SessionState{});
}

TEST(SessionState, SurvivesTheWire) {
    const SessionState state{{"phase", "acting"}, {"risk", "concern"}};
    EXPECT_EQ(unpack_state(emostage(), pack_state(state)), state);
}

TEST(SessionState, NeverTrustsBytes) {
    EXPECT_EQ(unpack_state(emostage(), {}), first);
    EXPECT_EQ(unpack_state(emostage(), {"\xc1"}), first);
    EXPECT_EQ(unpack_state(emostage(), packed({"phase", "acting"})), first) << "a list";
    EXPECT_EQ(unpack_state(emostage(), packed("acting")), first);
    EXPECT_EQ(unpack_state(emostage(), packed({{"phase", "dancing"}, {"risk", 7}})), first);
    EXPECT_EQ(unpack_state(emostage(), packed({{"phase", {{"phase", "acting"}}}})), first);
    EXPECT_EQ(unpack_state(emostage(), packed({{"phase", {"acting"}}})), first);
    EXPECT_EQ(
        unpack_state(emostage(), packed({{"phase", "acting"}, {"x", "y"}, {"risk", nullptr}})),
        (SessionState{{"phase", "acting"}, {"risk", "none"}}));
    const std::string bytes = pack_state({{"phase", "acting"}, {"risk", "alert"}}).bytes;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(unpack_state(emostage(), {bytes.substr(0, size)}), first) << size;
    }
}

TEST(SessionState, NeverGoesDeepOrLarge) {
    EXPECT_EQ(unpack_state(emostage(), {std::string(wire::state_bytes_max, '\x91')}), first);
    std::string maps;
    while (maps.size() + 2 < wire::state_bytes_max) maps += "\x81\xa0";
    EXPECT_EQ(unpack_state(emostage(), {maps}), first);
    EXPECT_EQ(unpack_state(emostage(), {"\xdf\xff\xff\xff\xff"}), first) << "4 billion entries";
    EXPECT_EQ(unpack_state(emostage(), {"\xdb\xff\xff\xff\xff"}), first) << "a string of 4 GiB";
    Json large = {{"phase", "acting"}, {"x", std::string(wire::state_bytes_max, 'x')}};
    EXPECT_EQ(unpack_state(emostage(), packed(large)), first);
}

TEST(Remember, TakesWhatTheTurnFound) {
    EXPECT_EQ(
        remember(emostage(), results("phase", R"({"phase":"acting","confidence":"high"})"), first),
        (SessionState{{"phase", "acting"}, {"risk", "none"}}));
    EXPECT_EQ(
        remember(emostage(),
                 results("perspective", R"({"state":"I","emotions":[],"needs":[],"risk":"alert"})"),
                 {{"phase", "closing"}, {"risk", "none"}}),
        (SessionState{{"phase", "closing"}, {"risk", "alert"}}));
}

TEST(Remember, LowConfidenceKeepsThePreviousPhase) {
    const SessionState before{{"phase", "understanding"}, {"risk", "none"}};
    EXPECT_EQ(
        remember(emostage(), results("phase", R"({"phase":"acting","confidence":"low"})"), before),
        before);
}

TEST(Remember, ADefaultIsNoFinding) {
    const SessionState before{{"phase", "understanding"}, {"risk", "alert"}};
    EXPECT_EQ(
        remember(emostage(), results("phase", R"({"phase":"???","confidence":"high"})"), before),
        before);
    EXPECT_EQ(remember(emostage(), results("perspective", "no idea"), before), before);
}

TEST(Remember, GoingBackIsAllowed) {
    EXPECT_EQ(remember(emostage(), results("phase", R"({"phase":"exploring","confidence":"high"})"),
                       {{"phase", "closing"}, {"risk", "none"}})
                  .at("phase"),
              "exploring");
}

TEST(Remember, AStageWithoutAResultChangesNothing) {
    const SessionState before{{"phase", "acting"}, {"risk", "concern"}};
    EXPECT_EQ(remember(emostage(), {}, before), before);
    EXPECT_EQ(remember(emostage(), {}, {{"stale", "x"}}), first) << "unknown names are dropped";
}

TEST(PackResult, IsAMapWithinItsLimit) {
    const auto bytes = pack_result({{"risk", "none"}, {"needs", {"heard"}}});
    ASSERT_TRUE(bytes);
    EXPECT_EQ(Json::from_msgpack(bytes->bytes), (Json{{"risk", "none"}, {"needs", {"heard"}}}));
    EXPECT_EQ(pack_result(nlohmann::ordered_json::array()).error().code, Errc::internal);
    EXPECT_EQ(pack_result({{"a", std::string(wire::result_bytes_max, 'x')}}).error().code,
              Errc::too_large);
}

wire::Stage stage_of(const std::string& json, std::vector<std::string> defaulted = {}) {
    return {"perspective", wire::StageStatus::done, packed(Json::parse(json)), 5,
            std::move(defaulted)};
}

const OutputSpec& perspective() {
    return emostage().stages[stage_named(emostage(), "perspective")].output;
}

TEST(UnpackResult, GivesBackWhatWasPacked) {
    const auto output = read_output(perspective(), R"({"state":"I am \"tired\" 疲れた",
        "emotions":[{"name":"sadness","strength":3}],"needs":["heard","safety"],"risk":"alert"})");
    ASSERT_TRUE(output.valid());
    wire::Stage stage = stage_of("{}");
    stage.result = *pack_result(*output.result);
    const auto again = unpack_result(perspective(), stage);
    ASSERT_TRUE(again);
    EXPECT_EQ(Json::parse(again->result->dump()), Json::parse(output.result->dump()));
    EXPECT_TRUE(again->valid());
}

TEST(UnpackResult, KeepsWhichFieldsAreDefaults) {
    const auto stage =
        stage_of(R"({"state":"I","emotions":[],"needs":[],"risk":"none"})", {"risk", "unknown"});
    const auto output = unpack_result(perspective(), stage);
    ASSERT_TRUE(output);
    EXPECT_EQ(output->defaulted, std::vector<std::string>{"risk"});
}

TEST(UnpackResult, OfAnotherVersionTakesWhatStillFits) {
    const auto output =
        unpack_result(perspective(), stage_of(R"({"state":"I","gone":1,"risk":"purple"})"));
    ASSERT_TRUE(output);
    const auto result = Json::parse(output->result->dump());
    EXPECT_EQ(result["state"], "I");
    EXPECT_EQ(result["risk"], "none");
    EXPECT_FALSE(result.contains("gone"));
    EXPECT_FALSE(output->valid());
}

TEST(UnpackResult, OfNothingUsableIsNone) {
    EXPECT_FALSE(unpack_result(perspective(), stage_of(R"({"gone":1})")));
    EXPECT_FALSE(unpack_result(perspective(), stage_of("[1]")));
    wire::Stage stage = stage_of("{}");
    for (const std::string& bytes : {std::string(), std::string("\xc1"), std::string("\x81\xa1"),
                                     std::string(wire::result_bytes_max + 1, '\x80')}) {
        stage.result.bytes = bytes;
        EXPECT_FALSE(unpack_result(perspective(), stage));
    }
}

}  // namespace
}  // namespace emostage::worker
