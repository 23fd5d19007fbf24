// Which of the prompts' languages a turn is answered with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/command.hpp"

namespace emostage::worker {

enum class Language : std::uint8_t { ja, zh, en };

constexpr std::string_view name(Language language) {
    switch (language) {
        case Language::ja: return "ja";
        case Language::zh: return "zh";
        case Language::en: return "en";
    }
    return "en";
}

struct LanguageChoice {
    Language prompts = Language::en;
    bool other = false;  // the client writes another language: English prompts, told to answer in it
};

// By the locale's first subtag where there is one, else by the script of the text, else by the
// newest utterances of the client that show one (a bare "ok" follows the conversation).
LanguageChoice choose_language(std::string_view locale, std::string_view text,
                               const std::vector<wire::Utterance>& history);

}  // namespace emostage::worker
