#include "gateway/http/server/request.hpp"

#include <algorithm>

namespace emostage::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool same_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view Request::field(std::string_view name) const {
    const auto found = std::find_if(fields.begin(), fields.end(), [name](const auto& field) {
        return same_ignoring_case(field.first, name);
    });
    return found == fields.end() ? std::string_view{} : found->second;
}

bool percent_decode(std::string_view text, std::string& into) {
    into.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            into.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3) return false;
        const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return false;
        into.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return true;
}

bool query_value(std::string_view query, std::string_view name, std::string& into) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        const bool empty = equals == pair.npos;
        return percent_decode(empty ? std::string_view{} : pair.substr(equals + 1), into);
    }
    return false;
}

}  // namespace emostage::http
