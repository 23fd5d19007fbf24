// A scripted turn as a broker would number it, and readers' views of it.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/codec/hash.hpp"
#include "schemas/event.hpp"

namespace emostage::gateway::test {

inline wire::Event event(std::uint64_t seq, wire::EventBody body, std::uint32_t attempt = 1,
                         std::string turn = "t1") {
    return {std::move(turn), "s1", seq, attempt, 1'700'000'000'000, std::move(body)};
}

inline wire::Completed completed(std::string_view reply) {
    wire::Completed body;
    body.text_bytes = reply.size();
    body.text_hash = codec::text_hash(reply);
    body.finish_reason = "stop";
    return body;
}

// Numbers the bodies from 1; a reset begins the next attempt.
inline std::vector<wire::Event> numbered(std::vector<wire::EventBody> bodies,
                                         const std::string& turn = "t1") {
    std::vector<wire::Event> events;
    std::uint32_t attempt = 1;
    for (auto& body : bodies) {
        if (std::holds_alternative<wire::Reset>(body)) ++attempt;
        events.push_back(event(events.size() + 1, std::move(body), attempt, turn));
    }
    return events;
}

// 12 events: stages, three deltas of a first attempt, a reset, four of the second, the end.
inline std::vector<wire::Event> scripted_turn(const std::string& turn = "t1") {
    const std::string reply = "それは、とてもつらかったですね。";
    return numbered(
        {wire::Accepted{0}, wire::Started{"w1"},
         wire::Stage{"perspective", wire::StageStatus::done, {"\x80"}, 12}, wire::Delta{"そう"},
         wire::Delta{"でした"}, wire::Delta{"か"}, wire::Reset{"worker_lost"},
         wire::Delta{reply.substr(0, 12)}, wire::Delta{reply.substr(12, 3)},
         wire::Delta{reply.substr(15, 9)}, wire::Delta{reply.substr(24)}, completed(reply)},
        turn);
}

// One replayed delta for the numbers from `first` to `last`, all of which are deltas.
inline wire::Event merged(const std::vector<wire::Event>& events, std::uint64_t first,
                          std::uint64_t last) {
    wire::Event whole = events[last - 1];
    wire::Delta delta{"", first};
    for (auto seq = first; seq <= last; ++seq) {
        delta.text += std::get<wire::Delta>(events[seq - 1].body).text;
    }
    whole.body = std::move(delta);
    return whole;
}

// What a person would have read, and the order in which everything else came.
struct View {
    std::string reply;
    std::vector<std::string> others;
    std::vector<std::uint64_t> numbers;
    int ends = 0;

    void add(const wire::Event& event) {
        numbers.push_back(event.seq);
        if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
            reply += delta->text;
            return;
        }
        if (std::holds_alternative<wire::Reset>(event.body)) reply.clear();
        if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
            others.push_back("stage " + stage->stage);
        } else {
            others.push_back("#" + std::to_string(event.body.index()));
        }
        ends += wire::is_end(event.body) ? 1 : 0;
    }

    bool operator==(const View& other) const {
        return reply == other.reply && others == other.others && ends == other.ends;
    }
};

inline View view_of(const std::vector<wire::Event>& events) {
    View view;
    for (const auto& event : events) view.add(event);
    return view;
}

}  // namespace emostage::gateway::test
