// What the rehearsal answers to a request: the text alone, from the request and the seed.
#pragma once

#include <cstdint>
#include <string>

#include "bench/rehearsal/chat_call.hpp"
#include "bench/rehearsal/lines.hpp"

namespace emostage::rehearsal {

inline constexpr std::string_view perspective_stage = "perspective";
inline constexpr std::string_view phase_stage = "phase";

// By how much the client has said. A farewell closes, danger leads back to exploring.
Phase phase_of(const ChatCall& call);

// True for answers that are JSON: the two analyses, and what else asks for JSON.
bool is_typed(const ChatCall& call);

// A JSON object for the analyses, else the counsellor's reply, which says that it is a rehearsal.
std::string answer(const ChatCall& call, std::uint64_t seed);

inline constexpr std::size_t garbage_kinds = 8;

// Text that no well-meaning model sends: broken JSON, control characters, bytes that are no UTF-8.
std::string garbage(std::uint64_t number);

}  // namespace emostage::rehearsal
