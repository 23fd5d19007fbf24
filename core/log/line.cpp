#include "core/log/line.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace emostage::log {
namespace {

bool is_word(std::string_view text) {
    if (text.size() > word_bytes_max) return false;
    for (const char c : text) {
        if (c <= ' ' || c > '~') return false;
    }
    return true;
}

struct Character {
    char32_t code = 0;
    std::size_t bytes = 0;  // 0: no UTF-8 here
};

// https://www.rfc-editor.org/rfc/rfc3629#section-4
Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
    char32_t code = lead & (0x7fu >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0u) != 0x80u) return {};
        code = code << 6 | (byte(i) & 0x3fu);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
    return {code, bytes};
}

bool harms_a_line(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

void append_quoted(std::string& out, std::string_view clean) {
    out += '"';
    for (const char c : clean) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_number(std::string& out, auto number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

struct AppendValue {
    std::string& out;
    Format format;

    void operator()(std::int64_t value) const { append_number(out, value); }
    void operator()(std::uint64_t value) const { append_number(out, value); }
    void operator()(double value) const {
        if (std::isfinite(value)) {
            append_number(out, value);
        } else {
            out += "null";
        }
    }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::string_view word) const {
        if (!is_word(word)) {
            append_quoted(out, "(" + std::to_string(word.size()) + " bytes not shown)");
        } else if (format == Format::json || word.empty() ||
                   word.find_first_of("\"=\\") != std::string_view::npos) {
            append_quoted(out, word);
        } else {
            out += word;
        }
    }
    void operator()(Sentence sentence) const {
        append_quoted(out, one_line(sentence.text, sentence_bytes_max));
    }
};

}  // namespace

std::string one_line(std::string_view text, std::size_t bytes_max) {
    std::string out;
    while (!text.empty()) {
        const Character character = first_character(text);
        const bool keep = character.bytes != 0 && !harms_a_line(character.code);
        const std::string_view piece =
            keep ? text.substr(0, character.bytes) : std::string_view("?");
        if (out.size() + piece.size() > bytes_max) return out + "...";
        out += piece;
        text.remove_prefix(character.bytes == 0 ? 1 : character.bytes);
    }
    return out;
}

std::string line(Format format, Level level, std::string_view program, std::string_view event,
                 Fields fields) {
    std::string out;
    out.reserve(256);
    const std::string clean_program = one_line(program, word_bytes_max);
    if (format == Format::json) {
        out += "\"level\":";
        append_quoted(out, name(level));
        if (!program.empty()) {
            out += ",\"program\":";
            append_quoted(out, clean_program);
        }
        out += ",\"event\":";
        append_quoted(out, one_line(event, sentence_bytes_max));
    } else {
        out += name(level);
        out.append(name(level).size() < 5 ? 6 - name(level).size() : 1, ' ');
        if (!program.empty()) out += clean_program + ": ";
        out += one_line(event, sentence_bytes_max);
    }
    std::size_t written = 0;
    std::string piece;
    for (const Field& field : fields) {
        if (++written > fields_max) break;
        piece.clear();
        const std::string field_name = one_line(field.name.text, word_bytes_max);
        if (format == Format::json) {
            piece += ',';
            append_quoted(piece, field_name);
            piece += ':';
        } else {
            piece += ' ';
            piece += field_name;
            piece += '=';
        }
        std::visit(AppendValue{piece, format}, field.value.get());
        if (out.size() + piece.size() > line_bytes_max) break;
        out += piece;
    }
    return out;
}

}  // namespace emostage::log
