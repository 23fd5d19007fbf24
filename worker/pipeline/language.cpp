#include "worker/pipeline/language.hpp"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <optional>

namespace emostage::worker {
namespace {

constexpr std::size_t text_bytes_max = 4 * 1024;
constexpr std::size_t utterances_max = 20;
// One Han character, kana or Hangul syllable says about as much as four Latin letters.
constexpr std::size_t cjk_weight = 4;
// A Chinese text may wear a stray の; a Japanese one has kana in each phrase.
constexpr std::size_t han_per_kana_max = 10;
// "ok", "thank you", a name: no sign that somebody changed the language.
constexpr std::size_t passing_latin_max = 12;

enum class Shown : std::uint8_t { nothing, kana, han, latin, passing_latin, other };

Shown script_of(std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const std::size_t size = std::min(text.size(), text_bytes_max);
    std::size_t kana = 0, han = 0, latin = 0, other = 0;
    for (std::size_t at = 0; at < size;) {
        UChar32 c = 0;
        U8_NEXT(bytes, at, size, c);
        if (c < 0 || !u_isalpha(c)) continue;
        UErrorCode failure = U_ZERO_ERROR;
        switch (uscript_getScript(c, &failure)) {
            case USCRIPT_HIRAGANA:
            case USCRIPT_KATAKANA:
                ++kana;
                break;
            case USCRIPT_HAN:
            case USCRIPT_BOPOMOFO:
                ++han;
                break;
            case USCRIPT_LATIN:
                ++latin;
                break;
            case USCRIPT_HANGUL:
                other += cjk_weight;
                break;
            case USCRIPT_COMMON:
            case USCRIPT_INHERITED:
            case USCRIPT_UNKNOWN:
                break;
            default:
                ++other;
        }
    }
    const std::size_t cjk = (kana + han) * cjk_weight;
    if (other > latin && other > cjk) return Shown::other;
    if (cjk > 0 && cjk >= latin) {
        return kana > 0 && kana * han_per_kana_max >= han ? Shown::kana : Shown::han;
    }
    if (latin == 0) return Shown::nothing;
    return latin <= passing_latin_max ? Shown::passing_latin : Shown::latin;
}

std::optional<LanguageChoice> by_locale(std::string_view locale) {
    std::string language;
    for (const char c : locale.substr(0, locale.find_first_of("-_"))) {
        language += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), language) != names.end();
    };
    const bool a_language =
        (language.size() == 2 || language.size() == 3) &&
        std::all_of(language.begin(), language.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    // ISO 639-2: undetermined, several, none, uncoded
    if (!a_language || is_one_of({"und", "mul", "zxx", "mis"})) return std::nullopt;
    if (is_one_of({"ja", "jpn"})) return LanguageChoice{Language::ja, false};
    if (is_one_of({"zh", "zho", "chi", "cmn"})) return LanguageChoice{Language::zh, false};
    if (is_one_of({"en", "eng"})) return LanguageChoice{Language::en, false};
    return LanguageChoice{Language::en, true};
}

LanguageChoice by_script(Shown shown) {
    switch (shown) {
        case Shown::kana:
            return {Language::ja, false};
        case Shown::han:
            return {Language::zh, false};
        case Shown::other:
            return {Language::en, true};
        case Shown::nothing:
        case Shown::latin:
        case Shown::passing_latin:
            break;
    }
    return {Language::en, false};
}

}  // namespace

LanguageChoice choose_language(std::string_view locale, std::string_view text,
                               const std::vector<wire::Utterance>& history) {
    if (const auto chosen = by_locale(locale)) return *chosen;

    Shown shown = script_of(text);
    const std::size_t looked_at = std::min(history.size(), utterances_max);
    const auto newest = history.rbegin();
    if (shown == Shown::nothing || shown == Shown::passing_latin) {
        for (std::size_t i = 0; i < looked_at; ++i) {
            if (newest[static_cast<std::ptrdiff_t>(i)].role != wire::Role::user) continue;
            const Shown earlier = script_of(newest[static_cast<std::ptrdiff_t>(i)].text);
            if (earlier == Shown::nothing || earlier == Shown::passing_latin) continue;
            shown = earlier;
            break;
        }
    }
    if (shown == Shown::han) {
        for (std::size_t i = 0; i < looked_at; ++i) {
            if (script_of(newest[static_cast<std::ptrdiff_t>(i)].text) != Shown::kana) continue;
            return {Language::ja, false};
        }
    }
    return by_script(shown);
}

}  // namespace emostage::worker
