// The golden vectors of schemas/golden: bytes that another encoder made, and what they mean.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/codec/codec.hpp"
#include "core/codec/names.hpp"

namespace emostage {
namespace {

using nlohmann::json;

std::vector<json> vectors(const std::string& file) {
    std::ifstream in(EMOSTAGE_SOURCE_DIR "/schemas/golden/" + file);
    return json::parse(in).at("vectors").get<std::vector<json>>();
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

// Hexadecimal, or a list of pieces: each hexadecimal or [hexadecimal, times].
std::string bytes_of(const json& vector) {
    const json& value = vector.at("bytes");
    if (value.is_string()) return from_hex(value);
    std::string bytes;
    for (const json& piece : value) {
        const bool repeated = piece.is_array();
        const auto once = from_hex(repeated ? piece.at(0) : piece);
        for (int n = repeated ? piece.at(1).get<int>() : 1; n > 0; --n) bytes += once;
    }
    return bytes;
}

template <std::size_t N>
std::size_t index(const std::array<std::string_view, N>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

wire::Command command_of(const json& means) {
    const std::string gateway = means.at("gateway"), turn = means.at("turn");
    if (means.at("type") == "cancel") return wire::Cancel{gateway, turn};
    if (means.at("type") == "resume") return wire::Resume{gateway, turn, means.at("after")};
    wire::Open open;
    open.gateway = gateway;
    open.turn = turn;
    open.session = means.at("session");
    open.text = means.at("text");
    if (means.contains("history")) {
        open.history.emplace();
        for (const json& item : means.at("history")) {
            open.history->push_back(
                {static_cast<wire::Role>(index(codec::role_names, item.at("role"))),
                 item.at("text")});
        }
    }
    open.locale = means.value("locale", "");
    open.pipeline = means.value("pipeline", "");
    if (means.contains("deadline_ms")) {
        open.deadline = std::chrono::milliseconds(means.at("deadline_ms").get<int>());
    }
    open.priority = static_cast<wire::Priority>(
        index(codec::priority_names, means.value("priority", "normal")));
    open.on_busy =
        static_cast<wire::OnBusy>(index(codec::on_busy_names, means.value("on_busy", "enqueue")));
    open.on_lost =
        static_cast<wire::OnLost>(index(codec::on_lost_names, means.value("on_lost", "continue")));
    open.traceparent = means.value("traceparent", "");
    return open;
}

json unpacked(const std::string& bytes) { return json::from_msgpack(bytes); }

TEST(GoldenCommands, AreDecodedToWhatTheyMean) {
    const auto all = vectors("commands.json");
    ASSERT_GE(all.size(), 10u);
    for (const json& vector : all) {
        SCOPED_TRACE(vector.at("name"));
        const auto command = codec::decode_command(bytes_of(vector));
        ASSERT_TRUE(command) << command.error().error.message;
        EXPECT_EQ(*command, command_of(vector.at("means")));
    }
}

TEST(GoldenCommands, AreEncodedToTheSameMeaning) {
    for (const json& vector : vectors("commands.json")) {
        SCOPED_TRACE(vector.at("name"));
        json means = vector.at("means");
        // Defaults may be left out, and the encoder does.
        if (means.value("priority", "") == "normal") means.erase("priority");
        if (means.value("on_busy", "") == "enqueue") means.erase("on_busy");
        if (means.value("on_lost", "") == "continue") means.erase("on_lost");
        EXPECT_EQ(unpacked(codec::encode_command(command_of(vector.at("means")))), means);
    }
}

TEST(GoldenRefusals, GetTheirCodeAndKeepTheNamesThatCanBeRead) {
    const auto all = vectors("refusals.json");
    ASSERT_GE(all.size(), 50u);
    for (const json& vector : all) {
        SCOPED_TRACE(vector.at("name"));
        const auto command = codec::decode_command(bytes_of(vector));
        ASSERT_FALSE(command);
        EXPECT_EQ(name(command.error().error.code), vector.at("code").get<std::string>())
            << command.error().error.message;
        EXPECT_EQ(command.error().gateway, vector.at("told").value("gateway", ""));
        EXPECT_EQ(command.error().turn, vector.at("told").value("turn", ""));
        EXPECT_FALSE(command.error().error.message.empty());
        EXPECT_LE(command.error().error.message.size(), wire::error_message_bytes_max);
    }
}

// --- events --------------------------------------------------------------------------------------

wire::Packed packed(const json& value) {
    const auto bytes = json::to_msgpack(value);
    return {std::string(bytes.begin(), bytes.end())};
}

wire::EventBody body_of(const json& event) {
    const std::string type = event.at("type");
    if (type == "hello") {
        const json& limits = event.at("limits");
        return wire::Hello{
            event.at("protocol"),
            {limits.at("text_bytes"), limits.at("history_utterances"), limits.at("history_bytes"),
             limits.at("reply_bytes"), limits.at("deadline_ms"), limits.at("retention_ms")}};
    }
    if (type == "beacon") return wire::Beacon{event.at("live")};
    if (type == "pipelines") return wire::Pipelines{event.at("names")};
    if (type == "accepted") return wire::Accepted{event.at("position")};
    if (type == "started") return wire::Started{event.at("worker")};
    if (type == "stage") {
        wire::Stage stage{event.at("stage"), {}, {}, event.at("ms")};
        stage.defaulted = event.value("defaulted", std::vector<std::string>{});
        stage.status =
            static_cast<wire::StageStatus>(index(codec::stage_status_names, event.at("status")));
        if (event.contains("result")) stage.result = packed(event.at("result"));
        return stage;
    }
    if (type == "delta") return wire::Delta{event.at("text"), event.value("from", 0u)};
    if (type == "reset")
        return wire::Reset{event.at("reason"), event.value("from", std::uint64_t{0})};
    if (type == "alert") {
        return wire::Alert{event.at("stage"), event.at("field"), event.at("value")};
    }
    if (type == "completed") {
        const json& usage = event.at("usage");
        wire::Completed completed{
            event.at("text_bytes"),
            event.at("text_hash"),
            event.at("finish_reason"),
            {usage.at("prompt_tokens"), usage.at("completion_tokens"), usage.at("calls")},
            {},
            event.at("degraded")};
        for (const auto& [key, ms] : event.at("timings_ms").items()) {
            completed.timings_ms.emplace_back(key, ms);
        }
        return completed;
    }
    if (type == "failed") {
        return wire::Failed{codec::errc_from(event.at("code").get<std::string>()),
                            event.at("message"), event.at("retryable")};
    }
    if (type == "cancelled")
        return wire::Cancelled{event.at("reason"), event.value("from", std::uint64_t{0})};
    if (type == "rejected") {
        wire::Rejected rejected{
            codec::errc_from(event.at("code").get<std::string>()), event.at("message"), {}};
        if (event.contains("retry_after_ms")) rejected.retry_after_ms = event.at("retry_after_ms");
        return rejected;
    }
    return wire::Other{};
}

wire::EventBatch batch_of(const json& means) {
    wire::EventBatch batch{means.at("broker"), {}};
    for (const json& event : means.at("events")) {
        batch.events.push_back({event.value("turn", ""), event.value("session", ""),
                                event.value("seq", std::uint64_t{0}), event.value("attempt", 0u),
                                event.value("at_ms", std::int64_t{0}), body_of(event)});
    }
    return batch;
}

// Map order is free: what differs by order alone is the same here.
wire::EventBatch in_order(wire::EventBatch batch) {
    for (auto& event : batch.events) {
        if (auto* stage = std::get_if<wire::Stage>(&event.body)) {
            if (!stage->result.bytes.empty()) stage->result = packed(unpacked(stage->result.bytes));
        }
        if (auto* completed = std::get_if<wire::Completed>(&event.body)) {
            std::sort(completed->timings_ms.begin(), completed->timings_ms.end());
        }
    }
    return batch;
}

TEST(GoldenEvents, AreDecodedToWhatTheyMean) {
    const auto all = vectors("events.json");
    ASSERT_GE(all.size(), 20u);
    for (const json& vector : all) {
        SCOPED_TRACE(vector.at("name"));
        const auto batch = codec::decode_events(bytes_of(vector));
        ASSERT_TRUE(batch) << batch.error().message;
        EXPECT_EQ(in_order(*batch), in_order(batch_of(vector.at("means"))));
    }
}

TEST(GoldenEvents, AreEncodedToTheSameMeaning) {
    for (const json& vector : vectors("events.json")) {
        if (vector.value("newer", false)) continue;
        SCOPED_TRACE(vector.at("name"));
        EXPECT_EQ(unpacked(codec::encode_events(batch_of(vector.at("means")))), vector.at("means"));
    }
}

TEST(GoldenEvents, ShowEveryTypeOfThisVersion) {
    std::set<std::size_t> shown;
    for (const json& vector : vectors("events.json")) {
        for (const auto& event : batch_of(vector.at("means")).events) {
            shown.insert(event.body.index());
        }
    }
    EXPECT_EQ(shown.size(), std::variant_size_v<wire::EventBody>);
}

}  // namespace
}  // namespace emostage
