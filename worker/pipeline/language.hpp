// Which of the prompts' languages a turn is answered with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/command.hpp"

namespace emostage::worker {

enum class Language : std::uint8_t { ja, zh, en };

inline constexpr Language languages[] = {Language::ja, Language::zh, Language::en};

constexpr std::string_view name(Language language) {
    switch (language) {
        case Language::ja:
            return "ja";
        case Language::zh:
            return "zh";
        case Language::en:
            return "en";
    }
    return "en";
}

// How transcripts name the two sides; the prompts speak of them by these names.
struct Speakers {
    std::string_view client;
    std::string_view counsellor;
};

constexpr Speakers speakers(Language language) {
    switch (language) {
        case Language::ja:
            return {"相談者", "カウンセラー"};
        case Language::zh:
            return {"来访者", "咨询师"};
        case Language::en:
            return {"Client", "Counsellor"};
    }
    return {"Client", "Counsellor"};
}

struct LanguageChoice {
    Language prompts = Language::en;
    bool other =
        false;  // the client writes another language: English prompts, told to answer in it

    bool operator==(const LanguageChoice&) const = default;
};

// By the locale's first subtag where there is one, else by the script of the text, else by the
// newest utterances of the client that show one (a bare "ok" follows the conversation). Han without
// kana is Chinese unless the conversation shows kana. Looks at the first 4 KiB of a text and at the
// newest 20 utterances.
LanguageChoice choose_language(std::string_view locale, std::string_view text,
                               const std::vector<wire::Utterance>& history);

}  // namespace emostage::worker
