#include "core/llm/json_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace emostage::llm {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view replacement_utf8 = "\xEF\xBF\xBD";

bool stands_for_itself(char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && c != '"' && c != '\\';
}

// Whether one of eight bytes does not: the classic search for a zero byte, three times over. What
// it flags beside a byte that is meant costs a second look and no more.
bool any_needs_escape(std::uint64_t eight) {
    constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    const auto zero = [](std::uint64_t x) { return (x - ones) & ~x & high; };
    const std::uint64_t control = (eight - ones * 0x20) & ~eight & high;
    return (control | zero(eight ^ ones * '"') | zero(eight ^ ones * '\\')) != 0;
}

// How many bytes at the front of valid UTF-8 stand for themselves.
std::size_t plain_run(std::string_view text) {
    std::size_t at = 0;
    for (std::uint64_t eight; at + sizeof eight <= text.size(); at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if (any_needs_escape(eight)) break;
    }
    while (at < text.size() && stands_for_itself(text[at])) ++at;
    return at;
}

// Length of the UTF-8 character at the front, 0 where there is none.
std::size_t character_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto in = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && at(i) >= low && at(i) <= high;
    };
    const unsigned first = at(0);
    if (first >= 0xC2 && first <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

// What is not UTF-8 becomes U+FFFD.
std::string mended(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const bool ascii = static_cast<unsigned char>(text.front()) < 0x80;
        const std::size_t length = ascii ? 1 : character_length(text);
        out.append(length > 0 ? text.substr(0, length) : replacement_utf8);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void append_utf8(unsigned code, std::string& out) {
    const auto tail = [&](int shift) {
        out.push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
    };
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xC0 | (code >> 6)));
        tail(0);
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xE0 | (code >> 12)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xF0 | (code >> 18)));
        tail(12);
        tail(6);
        tail(0);
    }
}

bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

constexpr unsigned replacement = 0xFFFD;

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        append_json_string(out, mended(text));
        return;
    }
    out.push_back('"');
    for (;;) {
        const std::size_t run = plain_run(text);
        out.append(text.substr(0, run));
        if (run == text.size()) break;
        const char c = text[run];
        if (c == '\n') {
            out.append("\\n");
        } else if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else {
            out.append("\\u00");
            out.push_back(hex_digits[static_cast<unsigned char>(c) >> 4]);
            out.push_back(hex_digits[static_cast<unsigned char>(c) & 15]);
        }
        text.remove_prefix(run + 1);
    }
    out.push_back('"');
}

// `unit` is a UTF-16 code unit.
void JsonUnescaper::put_unit(unsigned unit, std::string& out) {
    if (high_ != 0 && is_low(unit)) {
        append_utf8(0x10000 + ((high_ - 0xD800) << 10) + (unit - 0xDC00), out);
        high_ = 0;
        return;
    }
    finish(out);
    if (is_high(unit)) {
        high_ = unit;
    } else {
        append_utf8(is_low(unit) ? replacement : unit, out);
    }
}

void JsonUnescaper::finish(std::string& out) {
    if (high_ != 0) append_utf8(replacement, out);
    high_ = 0;
}

bool JsonUnescaper::push(std::string_view raw, std::string& out) {
    while (!raw.empty()) {
        const std::size_t run = std::min(raw.find('\\'), raw.size());
        if (run > 0) finish(out);
        out.append(raw.substr(0, run));
        raw.remove_prefix(run);
        if (raw.empty()) return true;
        if (raw.size() < 2) return false;
        const char kind = raw[1];
        if (kind == 'u') {
            if (raw.size() < 6) return false;
            unsigned unit = 0;
            for (char digit : raw.substr(2, 4)) {
                const int value = hex_value(digit);
                if (value < 0) return false;
                unit = unit * 16 + static_cast<unsigned>(value);
            }
            put_unit(unit, out);
            raw.remove_prefix(6);
            continue;
        }
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const std::size_t which = letters.find(kind);
        if (which == std::string_view::npos) return false;
        put_unit(static_cast<unsigned char>(meanings[which]), out);
        raw.remove_prefix(2);
    }
    return true;
}

}  // namespace emostage::llm
