// What is said in the scripts: made up for them, in the three languages by turns.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rehearsal/tokens.hpp"
#include "schemas/command.hpp"
#include "schemas/packed.hpp"

namespace emostage::gate {

struct Words {
    std::string_view locale;
    std::array<std::string_view, 6> history;  // by turns, the client's first
    std::string_view text;
    std::string_view perspective;  // about 60 tokens of JSON, as the pipeline `emostage` wants it
    std::string_view phase;        // about 12
    std::string_view reply;
};

const Words& words_of(std::size_t turn);

std::vector<wire::Utterance> history_of(const Words& words);

// The reply's first tokens; where they are not enough, it goes on from the second one again.
rehearsal::Tokens reply_of(std::size_t turn, std::size_t tokens);

// A JSON text as an event carries it.
wire::Packed packed(std::string_view json);

}  // namespace emostage::gate
