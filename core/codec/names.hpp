// The names that enumerators have on the wire, in the order of the enumerators.
//
// Internal to core/codec.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "schemas/errc.hpp"

namespace emostage::codec {

inline constexpr std::array<std::string_view, 3> command_names{"open", "cancel", "resume"};
inline constexpr std::array<std::string_view, 2> role_names{"user", "assistant"};
inline constexpr std::array<std::string_view, 3> on_busy_names{"enqueue", "reject", "interrupt"};
inline constexpr std::array<std::string_view, 3> on_lost_names{"continue", "reset", "fail"};
inline constexpr std::array<std::string_view, 3> priority_names{"low", "normal", "high"};
inline constexpr std::array<std::string_view, 3> stage_status_names{"done", "failed", "skipped"};

// Codes of a newer version read as `internal`.
inline Errc errc_from(std::string_view text) {
    for (int i = 0; i <= static_cast<int>(Errc::internal); ++i) {
        if (name(static_cast<Errc>(i)) == text) return static_cast<Errc>(i);
    }
    return Errc::internal;
}

}  // namespace emostage::codec
