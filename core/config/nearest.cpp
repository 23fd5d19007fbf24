#include "core/config/nearest.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace emostage::config {
namespace {

constexpr std::size_t compared_max = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    a = a.substr(0, compared_max);
    b = b.substr(0, compared_max);
    std::array<std::size_t, compared_max + 1> before_last{}, last{}, row{};
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0u : 1u)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = last;
        last = row;
    }
    return last[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
    std::string_view best;
    std::size_t best_distance = compared_max + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        const std::size_t longer = std::min(std::max(word.size(), candidate.size()), compared_max);
        const std::size_t near = std::max<std::size_t>(1, longer / 3);
        if (distance <= near && distance < longer && distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string in_quotes(std::string_view name) {
    constexpr std::size_t shown_max = 64;
    const bool cut = name.size() > shown_max;
    std::string out = "\"";
    for (const char c : name.substr(0, shown_max)) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    if (cut) {  // not in the middle of a character
        while (out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) {
            out.pop_back();
        }
        if (out.size() > 1 && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
        out += "…";
    }
    return out + "\"";
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
    const std::string_view name = nearest(word, candidates);
    if (name.empty()) return {};
    return "; did you mean " + in_quotes(name) + "?";
}

}  // namespace emostage::config
