#include "gateway/chat/terminal_text.hpp"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

namespace emostage::chat {

namespace {

constexpr UChar32 replacement = 0xfffd;

// Calls `take` with each character and the bytes it came from; malformed bytes give U+FFFD.
template <class Take>
void each_character(std::string_view text, Take take) {
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        const auto begin = at;
        UChar32 character;
        U8_NEXT(text.data(), at, size, character);
        const bool good = character >= 0;
        take(good ? character : replacement, good
                                                 ? text.substr(static_cast<std::size_t>(begin),
                                                               static_cast<std::size_t>(at - begin))
                                                 : std::string_view("\xef\xbf\xbd"));
    }
}

bool is_obeyed(UChar32 character) {
    if (character == '\n' || character == '\t') return false;
    if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return true;
    return (character >= 0x202a && character <= 0x202e) ||  // direction: embeddings, overrides
           (character >= 0x2066 && character <= 0x2069) ||  // isolates
           character == 0x200e || character == 0x200f || character == 0x061c;
}

std::size_t columns_of(UChar32 character) {
    switch (u_charType(character)) {
        case U_NON_SPACING_MARK:
        case U_ENCLOSING_MARK:
        case U_FORMAT_CHAR:
            return 0;
        default:
            break;
    }
    const auto width = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    each_character(text, [&](UChar32 character, std::string_view bytes) {
        if (character == 0x2028 || character == 0x2029) {
            out += '\n';
        } else if (!is_obeyed(character)) {
            out += bytes;
        }
    });
    return out;
}

std::string clean_line(std::string_view text, std::size_t characters_max) {
    std::string out;
    std::size_t characters = 0;
    each_character(text, [&](UChar32 character, std::string_view bytes) {
        if (is_obeyed(character) || characters > characters_max) return;
        if (++characters > characters_max) {
            out += "…";
            return;
        }
        const bool breaks =
            character == '\n' || character == '\t' || character == 0x2028 || character == 0x2029;
        breaks ? out += ' ' : out += bytes;
    });
    return out;
}

bool is_utf8(std::string_view text) {
    const auto size = static_cast<std::int32_t>(text.size());
    for (std::int32_t at = 0; at < size;) {
        UChar32 character;
        U8_NEXT(text.data(), at, size, character);
        if (character < 0) return false;
    }
    return true;
}

std::size_t lines_below(std::string_view text, std::size_t columns) {
    if (columns == 0) columns = 80;
    std::size_t lines = 0, column = 0;
    each_character(text, [&](UChar32 character, std::string_view) {
        if (character == '\n') {
            ++lines;
            column = 0;
            return;
        }
        if (character == '\t') {
            column = std::min((column / 8 + 1) * 8, columns - 1);
            return;
        }
        const auto width = columns_of(character);
        if (column + width > columns) {
            ++lines;
            column = 0;
        }
        column += width;
    });
    return lines;
}

}  // namespace emostage::chat
