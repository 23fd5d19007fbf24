// The rehearsal's part, written by hand: what the counsellor says, by phase, feeling and language.
//
// Data without decisions. Every text is short, warm, at most one question, and in keeping with its
// phase: no advice while exploring, nothing new while closing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bench/rehearsal/cues.hpp"
#include "bench/rehearsal/language.hpp"

namespace emostage::rehearsal {

enum class Phase : std::uint8_t { opening, exploring, understanding, acting, closing };
inline constexpr std::size_t phases = 5;

std::string_view name(Phase phase);
std::optional<Phase> phase_named(std::string_view name);

inline constexpr std::size_t variants = 4;

// Says that this is a rehearsal; each reply begins with it.
std::string_view mark(Language language);

// What is said back about the strongest feeling; to a calm client, that the words were heard.
std::string_view reflection(Language language, Emotion emotion, std::size_t variant);

// What the phase is for.
std::string_view move(Language language, Phase phase, std::size_t variant);

// Instead of all else where a life may be in danger.
std::string_view careful_words(Language language);

// The client's place, in the first person: the perspective's `state`.
std::string_view inner_voice(Language language, Emotion emotion);

}  // namespace emostage::rehearsal
