// What a dialect told, read as its client would.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/api/dialect.hpp"
#include "tests/gateway/client/script.hpp"

namespace emostage::http::test {

using gateway::test::completed;
using gateway::test::event;
using gateway::test::merged;
using gateway::test::numbered;
using nlohmann::json;

struct Told {
    std::optional<std::string> id;
    std::string type;  // of `event:`
    std::string data;

    json object() const { return json::parse(data); }
};

// Frames are `id:`, `event:` and one `data:` line in this order, and an empty line.
inline std::vector<Told> frames(std::string_view out) {
    std::vector<Told> all;
    const auto line = [&] {
        const auto end = out.find('\n');
        if (end == out.npos) throw std::runtime_error("a line without its end");
        const auto taken = out.substr(0, end);
        out.remove_prefix(end + 1);
        return taken;
    };
    const auto field = [](std::string_view& from, std::string_view name) {
        if (!from.starts_with(name)) return false;
        from.remove_prefix(name.size());
        return true;
    };
    while (!out.empty()) {
        Told told;
        auto at = line();
        if (field(at, "id: ")) {
            told.id = at;
            at = line();
        }
        if (field(at, "event: ")) {
            told.type = at;
            at = line();
        }
        if (!field(at, "data: ") || !line().empty()) throw std::runtime_error("no frame");
        told.data = at;
        all.push_back(std::move(told));
    }
    return all;
}

inline std::vector<Told> tell(Dialect& dialect, const std::vector<wire::Event>& events) {
    std::string out;
    for (const auto& event : events) {
        if (!dialect.over()) dialect.on_event(event, out);
    }
    return frames(out);
}

inline wire::Stage phase() {
    const auto bytes = json::to_msgpack({{"phase", "acting"}});
    return {"phase", wire::StageStatus::done, {std::string(bytes.begin(), bytes.end())}, 7};
}

// accepted 1, started 2, a stage 3, deltas 4 to 6, completed 7.
inline std::vector<wire::Event> turn() {
    auto end = completed("You are \"tired\".\n");
    end.usage = {30, 5, 3};
    end.timings_ms = {{"total", 90}};
    end.degraded = {"phase.confidence"};
    return numbered({wire::Accepted{0}, wire::Started{"w1"}, phase(), wire::Delta{"You "},
                     wire::Delta{"are "}, wire::Delta{"\"tired\".\n"}, end});
}

inline AnswerHead head() { return {"t1", "emostage", 1'700'000'000}; }

}  // namespace emostage::http::test
