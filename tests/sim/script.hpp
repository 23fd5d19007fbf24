// What the simulated models say: for each turn and variant one text, so that a reader can tell a
// whole reply from one that lost, doubled or mixed words. A continued reply is the rest of the same
// variant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emostage::sim {

// What the broker allows; some replies are longer.
inline constexpr std::uint64_t reply_bytes_max = 250;

std::string reply_script(std::string_view turn, std::uint64_t variant);

// The variant that a text begins; nothing: none says that.
std::optional<std::uint64_t> variant_of(std::string_view turn, std::string_view text);

// The length of the first character of `text` at `at`, in bytes.
std::size_t character_bytes(std::string_view text, std::size_t at);

}  // namespace emostage::sim
