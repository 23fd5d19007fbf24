// The three languages of the scripted replies, and which one a text is in.
#pragma once

#include <cstdint>
#include <string_view>

namespace emostage::rehearsal {

enum class Language : std::uint8_t { ja, zh, en };
inline constexpr std::size_t languages = 3;

// What a text's characters say; a text without Han, kana and letters says nothing.
enum class Script : std::uint8_t { none, kana, han, letters };

// Kana anywhere count before Han, Han before letters: the scripts mix in that way.
Script script_of(std::string_view text);

constexpr Language language_of(Script script) {
    switch (script) {
        case Script::kana:
            return Language::ja;
        case Script::han:
            return Language::zh;
        case Script::letters:
        case Script::none:
            break;
    }
    return Language::en;
}

}  // namespace emostage::rehearsal
