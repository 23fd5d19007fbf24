#include "gateway/chat/stage_lines.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gateway/chat/labels.hpp"
#include "gateway/chat/terminal_text.hpp"

namespace emostage::chat {

namespace {

using nlohmann::json;

constexpr std::size_t items_max = 8;
constexpr std::int64_t strength_max = 3;

std::string shown(std::string_view text) { return clean_line(text, stage_value_characters_max); }

std::string translated(Tongue tongue, const std::string& name) {
    const auto known = label(tongue, name);
    return known.empty() ? shown(name) : std::string(known);
}

// One to three dots, as strong as the feeling is.
std::string dots(std::int64_t strength) {
    std::string out = " ";
    for (std::int64_t i = 1; i <= strength_max; ++i) out += i <= strength ? "●" : "○";
    return out;
}

std::string feeling(Tongue tongue, const json& item) {
    if (item.is_string()) return translated(tongue, item.get<std::string>());
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string()) return {};
    auto out = translated(tongue, item["name"].get<std::string>());
    const auto strength = item.find("strength");
    if (strength != item.end() && strength->is_number_integer()) {
        out += dots(std::clamp<std::int64_t>(strength->get<std::int64_t>(), 1, strength_max));
    }
    return out;
}

std::string plain(const json& value) {
    if (value.is_string()) return shown(value.get<std::string>());
    if (value.is_number() || value.is_boolean()) return value.dump();
    return {};
}

template <class Show>
std::string joined(Tongue tongue, const json& list, Show show) {
    std::string out;
    std::size_t items = 0;
    if (!list.is_array()) return show(list);
    for (const auto& item : list) {
        if (++items > items_max) break;
        const std::string one = show(item);
        if (one.empty()) continue;
        if (!out.empty()) out += words(tongue).comma;
        out += one;
    }
    return out;
}

void add(StageLines& out, Tongue tongue, std::string_view name, const std::string& value) {
    if (value.empty() || out.lines.size() >= stage_lines_max) return;
    out.lines.push_back(std::string(name) + std::string(words(tongue).colon) + value);
}

// What the other pipelines find: as it is.
void add_others(StageLines& out, Tongue tongue, const json& result) {
    for (const auto& [key, value] : result.items()) {
        add(out, tongue, shown(key), joined(tongue, value, plain));
    }
}

}  // namespace

std::string stage_name(Tongue tongue, std::string_view stage) {
    const auto dot = stage.find('.');
    const auto known = label(tongue, stage.substr(0, dot));
    return known.empty() ? shown(stage) : std::string(known);
}

StageLines stage_lines(Tongue tongue, const wire::Stage& stage) {
    const auto& say = words(tongue);
    StageLines out;
    if (stage.status != wire::StageStatus::done) {
        const auto why =
            stage.status == wire::StageStatus::failed ? say.stage_failed : say.stage_skipped;
        out.lines.push_back(std::string(why) + stage_name(tongue, stage.stage));
        return out;
    }
    const auto result = json::from_msgpack(stage.result.bytes, true, false);
    if (!result.is_object()) return out;
    if (stage.stage == "perspective" && result.contains("emotions")) {
        add(out, tongue, say.feelings, joined(tongue, result["emotions"], [&](const json& item) {
                return feeling(tongue, item);
            }));
        add(out, tongue, say.needs,
            joined(tongue, result.value("needs", json::array()), [&](const json& item) {
                return item.is_string() ? translated(tongue, item.get<std::string>()) : "";
            }));
        const auto risk = result.value("risk", json());
        if (risk == "alert") out.warning = say.risk_alert;
        if (risk == "concern") out.warning = say.risk_concern;
    } else if (stage.stage == "phase" && result.contains("phase") && result["phase"].is_string()) {
        const auto name = result["phase"].get<std::string>();
        const auto known = phase_label(tongue, name);
        add(out, tongue, say.phase, known.empty() ? shown(name) : std::string(known));
    } else {
        add_others(out, tongue, result);
    }
    return out;
}

}  // namespace emostage::chat
