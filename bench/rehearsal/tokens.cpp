#include "bench/rehearsal/tokens.hpp"

#include <unicode/utf8.h>

#include <algorithm>

namespace emostage::rehearsal {
namespace {

enum class Kind : std::uint8_t { space, word, kana, other };

Kind kind_of(UChar32 c) {
    if (c == ' ') return Kind::space;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '\'') {
        return Kind::word;
    }
    if (c >= 0xC0 && c <= 0x24F) return Kind::word;  // Latin with accents
    if (c >= 0x3041 && c <= 0x30FF) return Kind::kana;
    return Kind::other;
}

// Whether a character goes into the token that ends with `last` and has `count` characters.
bool joins(Kind last, Kind next, std::size_t count) {
    if (last == Kind::space) return next == Kind::word && count == 1;
    if (last == Kind::word) return next == Kind::word && count < 24;
    return last == Kind::kana && next == Kind::kana && count < 2;
}

}  // namespace

Tokens cut_into_tokens(std::string_view text) {
    Tokens tokens;
    tokens.text = text;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    Kind last = Kind::other;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        UChar32 c = 0;
        U8_NEXT(bytes, at, text.size(), c);
        const Kind kind = kind_of(c);
        if (count != 0 && !joins(last, kind, count)) {
            tokens.ends.push_back(static_cast<std::uint32_t>(begin));
            count = 0;
        }
        last = kind;
        ++count;
    }
    if (count != 0) tokens.ends.push_back(static_cast<std::uint32_t>(text.size()));
    return tokens;
}

Tokens fit_tokens(const Tokens& tokens, std::size_t count) {
    Tokens fitted;
    fitted.ends.reserve(count);
    for (std::size_t i = 0; fitted.count() < count; ++i) {
        const std::size_t round = tokens.count() == 0 ? 0 : i / tokens.count();
        const std::size_t from = tokens.count() == 0 ? 0 : (i + round) % tokens.count();
        if (tokens.count() == 0) {
            fitted.add(".");
        } else if (i != 0 && from == 0) {
            fitted.add(" " + std::string(tokens[0]));
        } else {
            fitted.add(tokens[from]);
        }
    }
    return fitted;
}

Tokens tokens_after(const Tokens& tokens, std::string_view begun) {
    Tokens rest;
    if (std::string_view(tokens.text).starts_with(begun)) {
        for (std::size_t i = 0; i < tokens.count(); ++i) {
            const std::size_t end = tokens.ends[i];
            if (end <= begun.size()) continue;
            const std::size_t from = std::max(begun.size(), end - tokens[i].size());
            rest.add(std::string_view(tokens.text).substr(from, end - from));
        }
    }
    if (rest.count() == 0) rest.add("");
    return rest;
}

void append_json_escaped(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20) {
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
}

Tokens json_escaped(const Tokens& tokens) {
    Tokens escaped;
    escaped.text.reserve(tokens.text.size() + 16);
    escaped.ends.reserve(tokens.count());
    for (std::size_t i = 0; i < tokens.count(); ++i) {
        append_json_escaped(escaped.text, tokens[i]);
        escaped.ends.push_back(static_cast<std::uint32_t>(escaped.text.size()));
    }
    return escaped;
}

}  // namespace emostage::rehearsal
