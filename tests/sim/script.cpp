#include "tests/sim/script.hpp"

#include <xxhash.h>

#include <array>
#include <charconv>

namespace emostage::sim {

namespace {

constexpr std::uint64_t words_least = 3, words_span = 30;
constexpr std::array words{"そう", "ですか。", "我明白", "了。", "That ", "sounds ", "hard. ", "💧"};

}  // namespace

std::string reply_script(std::string_view turn, std::uint64_t variant) {
    auto dice = XXH64(turn.data(), turn.size(), variant);
    std::string text = "v" + std::to_string(variant) + " ";
    for (auto left = words_least + dice % words_span; left > 0; --left) {
        dice = XXH64(&dice, sizeof dice, left);
        text += words[dice % words.size()];
        text += std::to_string(left) + " ";
    }
    return text + "end.";
}

std::optional<std::uint64_t> variant_of(std::string_view turn, std::string_view text) {
    std::uint64_t variant = 0;
    if (!text.starts_with('v')) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), variant);
    if (error != std::errc() || end == text.data() + text.size() || *end != ' ')
        return std::nullopt;
    if (!std::string_view(reply_script(turn, variant)).starts_with(text)) return std::nullopt;
    return variant;
}

std::size_t character_bytes(std::string_view text, std::size_t at) {
    std::size_t bytes = 1;
    while (at + bytes < text.size() &&
           (static_cast<unsigned char>(text[at + bytes]) & 0xc0) == 0x80)
        ++bytes;
    return bytes;
}

}  // namespace emostage::sim
