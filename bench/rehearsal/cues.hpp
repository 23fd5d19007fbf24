// What a client seems to feel and need, by the words in one line. Enough for a demonstration to
// look alive; no judgement about anybody.
//
// The names are those of the EmoStage pipeline's closed sets (schemas/pipelines/emostage).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace emostage::rehearsal {

enum class Emotion : std::uint8_t {
    sadness,
    anxiety,
    loneliness,
    anger,
    shame,
    exhaustion,
    relief,
    hope,
    calm,  // where no feeling shows; the last
};
inline constexpr std::size_t emotions = 9;

enum class Need : std::uint8_t {
    heard,
    comfort,
    understanding,
    encouragement,
    way_forward,
    information,
    connection,
    safety,
};

enum class Risk : std::uint8_t { none, concern, alert };

std::string_view name(Emotion emotion);
std::string_view name(Need need);
std::string_view name(Risk risk);

inline constexpr std::size_t readings_max = 3;

struct Feeling {
    Emotion emotion{};
    int strength = 1;  // 1 to 3

    bool operator==(const Feeling&) const = default;
};

struct Reading {
    std::vector<Feeling> feelings;  // strongest first, at most readings_max, never empty
    std::vector<Need> needs;        // at most readings_max, never empty
    Risk risk = Risk::none;
    bool farewell = false;  // the client takes leave
};

Reading read_cues(std::string_view line);

}  // namespace emostage::rehearsal
