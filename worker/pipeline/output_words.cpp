#include "worker/pipeline/output_words.hpp"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "worker/pipeline/plain_text.hpp"

namespace emostage::worker {
namespace {

std::optional<std::size_t> find_meaning(const Field& field, std::string_view said) {
    const auto found = field.meanings.find(folded(said));
    if (found == field.meanings.end()) return std::nullopt;
    return found->second;
}

// What stands before the first mark that is no part of a name.
std::string_view first_words(std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    bool begun = false;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        UChar32 c = 0;
        U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
        const bool part = u_isalnum(c) || c == '_' || c == '-' || u_isUWhiteSpace(c) ||
                          (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
        if (part) begun = begun || u_isalnum(c);
        if (!part && begun) return text.substr(0, begin);
    }
    return text;
}

std::string shown(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
}

}  // namespace

bool add_meaning(Field& field, std::string_view word, std::size_t index) {
    const std::string meaning = folded(word);
    return !meaning.empty() && field.meanings.emplace(meaning, index).first->second == index;
}

std::optional<std::size_t> find_label(const Field& field, std::string_view said) {
    const auto exact = std::find(field.labels.begin(), field.labels.end(), said);
    if (exact != field.labels.end()) {
        return static_cast<std::size_t>(exact - field.labels.begin());
    }
    if (const auto whole = find_meaning(field, said)) return whole;
    return find_meaning(field, first_words(said));
}

std::string narrow_number(std::string_view text) {
    std::string out;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at < text.size();) {
        UChar32 c = 0;
        U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
        if (c >= 0xff01 && c <= 0xff5e) c -= 0xff01 - '!';  // full-width forms
        if (u_isUWhiteSpace(c)) continue;
        const bool numeric = (c >= '0' && c <= '9') || c == '-' || c == '.' || c == 'e' || c == 'E';
        if (!numeric) return {};
        out += static_cast<char>(c);
    }
    return out;
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> out(1);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        UChar32 c = 0;
        U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
        constexpr UChar32 between[] = {',', ';', '/', '\n', '|', u'、', u'，', u'；', u'；', u'・'};
        bool splits = false;
        for (const UChar32 mark : between) splits = splits || c == mark;
        if (!splits) {
            out.back().append(text.substr(begin, at - begin));
        } else if (out.size() == answer_values_max) {
            break;
        } else {
            out.emplace_back();
        }
    }
    return out;
}

std::string expected(const Field& field) {
    switch (field.type) {
        case FieldType::text:
            return "text, at most " + std::to_string(field.chars_max) + " characters";
        case FieldType::label: {
            std::string out = "one of";
            for (const std::string& label : field.labels) {
                out += (out.size() > 6 ? " | \"" : " \"") + label + "\"";
            }
            return out;
        }
        case FieldType::integer:
            return "whole number from " + shown(field.min) + " to " + shown(field.max);
        case FieldType::number:
            return "number from " + shown(field.min) + " to " + shown(field.max);
        case FieldType::boolean:
            return "true or false";
        case FieldType::list: {
            std::string inner;
            for (const Field& item : field.item) {
                if (!inner.empty()) inner += ", ";
                if (!item.name.empty()) inner += "\"" + item.name + "\": ";
                inner += expected(item);
            }
            const bool objects = !field.item.empty() && !field.item.front().name.empty();
            if (objects) inner = "{" + inner + "}";
            return "list of at most " + std::to_string(field.items_max) + ": " + inner;
        }
    }
    return {};
}

}  // namespace emostage::worker
