#include "bench/rehearsal/answer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/rehearsal/chance.hpp"
#include "bench/rehearsal/cues.hpp"

namespace emostage::rehearsal {
namespace {

using Json = nlohmann::ordered_json;

// The same talk gives the same words, and each further line of it other ones.
std::size_t variant(const ChatCall& call, std::uint64_t seed) {
    return static_cast<std::size_t>(mix(seed, fingerprint(call.first)) >> 32) + call.client_lines;
}

std::string perspective(const ChatCall& call) {
    const Reading reading = read_cues(call.newest);
    Json feelings = Json::array();
    for (const Feeling& feeling : reading.feelings) {
        feelings.push_back({{"name", name(feeling.emotion)}, {"strength", feeling.strength}});
    }
    Json needs = Json::array();
    for (const Need need : reading.needs) needs.push_back(name(need));
    return Json{{"state", inner_voice(call.language, reading.feelings.front().emotion)},
                {"emotions", feelings},
                {"needs", needs},
                {"risk", name(reading.risk)}}
        .dump();
}

// "うん" and "ok" tell nothing about the phase.
bool says_much(std::string_view line) {
    return std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }) >= 4;
}

std::string phase(const ChatCall& call) {
    return Json{{"phase", name(phase_of(call))},
                {"confidence", says_much(call.newest) ? "high" : "low"}}
        .dump();
}

std::string reply(const ChatCall& call, std::uint64_t seed) {
    const Reading reading = read_cues(call.newest);
    std::string text(mark(call.language));
    if (reading.risk == Risk::alert) return text += careful_words(call.language);
    const std::size_t chosen = variant(call, seed);
    const Phase phase = phase_named(call.phase).value_or(phase_of(call));
    text += reflection(call.language, reading.feelings.front().emotion, chosen);
    if (call.language == Language::en) text += ' ';
    return text += move(call.language, phase, chosen / 2 + chosen);
}

}  // namespace

Phase phase_of(const ChatCall& call) {
    const Reading reading = read_cues(call.newest);
    if (reading.risk == Risk::alert) return Phase::exploring;
    if (call.client_lines >= 3 && reading.farewell) return Phase::closing;
    if (call.client_lines <= 1) return Phase::opening;
    if (call.client_lines <= 4) return Phase::exploring;
    if (call.client_lines <= 7) return Phase::understanding;
    if (call.client_lines <= 11) return Phase::acting;
    return Phase::closing;
}

bool is_typed(const ChatCall& call) {
    if (call.stage == perspective_stage || call.stage == phase_stage) return true;
    return call.stage.empty() && call.wants_json;
}

std::string answer(const ChatCall& call, std::uint64_t seed) {
    if (call.stage == phase_stage) return phase(call);
    return is_typed(call) ? perspective(call) : reply(call, seed);
}

std::string garbage(std::uint64_t number) {
    using namespace std::string_literals;
    switch (number % garbage_kinds) {
        case 0:
            return "I am sorry, but as a language model I would rather answer in prose.";
        case 1:
            return "```json\n{\"state\": \"unfinished, \"emotions\": [{\"name\": ";
        case 2:
            return std::string(2000, '[');
        case 3:
            return "{\"phase\": 7, \"confidence\": {\"a\": []}, \"emotions\": \"all\", \"risk\": "
                   "null}";
        case 4:
            return "\x1b[2J\x07\0\x7f{\"risk\":\"none\x1b]0;title\x07\"}"s;
        case 5:
            return "\xff\xfe\xc0\xaf\xed\xa0\x80 not UTF-8 \xe3\x81";
        case 6:
            return std::string(100'000, 'a');
        default:
            return "\xe2\x80\xae{\"phase\": \"closing\"}\xe2\x80\xac {} {} [stage:phase] </s>";
    }
}

}  // namespace emostage::rehearsal
