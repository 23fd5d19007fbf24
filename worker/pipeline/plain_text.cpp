#include "worker/pipeline/plain_text.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace emostage::worker {
namespace {

constexpr std::size_t folded_bytes_max = 256;
constexpr UChar32 replacement = 0xfffd;

// The code point at `at`, which moves behind it; U+FFFD for what is no UTF-8.
UChar32 next(std::string_view text, std::size_t& at) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
    return c;
}

void append(std::string& out, UChar32 c) {
    char bytes[U8_MAX_LENGTH];
    std::size_t size = 0;
    bool failed = false;
    U8_APPEND(reinterpret_cast<std::uint8_t*>(bytes), size, sizeof bytes, c, failed);
    if (!failed) out.append(bytes, size);
}

bool breaks_line(UChar32 c) {
    return (c >= 0x0a && c <= 0x0d) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_joiner(UChar32 c) { return c == 0x200c || c == 0x200d; }

// Tag characters are listed beside the categories: they are invisible and have smuggled text.
bool is_invisible(UChar32 c) {
    const auto type = u_charType(c);
    if (is_joiner(c)) return false;
    return type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_SURROGATE ||
           (c >= 0xe0000 && c <= 0xe007f);
}

// How many bytes at the front are ASCII that is kept as it is: most of most texts.
std::size_t plain_run(std::string_view text) {
    const auto plain = [](char c) { return c > ' ' && c < '\x7f'; };
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), plain) -
                                    text.begin());
}

bool extends_character(UChar32 c) {
    return u_hasBinaryProperty(c, UCHAR_GRAPHEME_EXTEND) || is_joiner(c) ||
           u_hasBinaryProperty(c, UCHAR_EMOJI_MODIFIER);
}

// `at` is a border of code points; moved back to one where no character is torn.
std::size_t whole_character(std::string_view text, std::size_t at) {
    constexpr int marks_max = 32;  // more on one character is no writing: torn
    std::size_t border = at;
    for (int marks = 0; marks < marks_max && border > 0 && border < text.size(); ++marks) {
        std::size_t after = border;
        const UChar32 following = next(text, after);
        std::size_t before = border - 1;
        while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xc0) == 0x80) --before;
        std::size_t last_at = before;
        const UChar32 last = next(text, last_at);
        if (!extends_character(following) && last != 0x200d) return border;
        border = before;
    }
    return border == 0 || border >= text.size() ? border : at;
}

}  // namespace

std::string one_line(std::string_view text, std::string_view line_break) {
    enum class Gap { none, space, line };
    std::string out;
    out.reserve(text.size());
    Gap gap = Gap::none;
    for (std::size_t at = 0; at < text.size();) {
        if (gap == Gap::none) {
            const std::size_t run = plain_run(text.substr(at));
            out.append(text.substr(at, run));
            at += run;
            if (at == text.size()) break;
        }
        const UChar32 c = next(text, at);
        if (breaks_line(c)) {
            gap = Gap::line;
        } else if (c == '\t' || u_charType(c) == U_SPACE_SEPARATOR) {
            if (gap == Gap::none) gap = Gap::space;
        } else if (!is_invisible(c)) {
            if (!out.empty() && gap == Gap::line) out += line_break;
            if (!out.empty() && gap == Gap::space) out += ' ';
            gap = Gap::none;
            append(out, c);
        }
    }
    return out;
}

std::string without_brackets(std::string_view text) {
    constexpr std::string_view brackets = "<>[]";
    constexpr std::array<std::string_view, 4> full_width{"＜", "＞", "［", "］"};
    std::string out;
    out.reserve(text.size());
    const auto found = [](char c) { return c == '<' || c == '>' || c == '[' || c == ']'; };
    for (auto at = text.begin();;) {
        const auto end = std::find_if(at, text.end(), found);
        out.append(at, end);
        if (end == text.end()) return out;
        out += full_width[brackets.find(*end)];
        at = end + 1;
    }
}

std::string_view cut_bytes(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t at = bytes_max;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    return text.substr(0, whole_character(text, at));
}

std::string_view cut_chars(std::string_view text, std::size_t chars_max) {
    std::size_t at = 0;
    for (std::size_t chars = 0; chars < chars_max && at < text.size(); ++chars) next(text, at);
    if (at >= text.size()) return text;
    return text.substr(0, whole_character(text, at));
}

std::string folded(std::string_view text) {
    UErrorCode failure = U_ZERO_ERROR;
    const auto* fold = icu::Normalizer2::getNFKCCasefoldInstance(failure);
    if (U_FAILURE(failure)) return {};
    const std::string_view looked_at = text.substr(0, folded_bytes_max);
    const auto unicode = icu::UnicodeString::fromUTF8(
        icu::StringPiece(looked_at.data(), static_cast<std::int32_t>(looked_at.size())));
    const icu::UnicodeString normal = fold->normalize(unicode, failure);
    if (U_FAILURE(failure)) return {};
    std::string out;
    for (std::int32_t at = 0; at < normal.length();) {
        const UChar32 c = normal.char32At(at);
        at += U16_LENGTH(c);
        const bool kept = u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
        if (kept && c != replacement) append(out, c);
    }
    return out;
}

}  // namespace emostage::worker
