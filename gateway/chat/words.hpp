// What emostage-chat says in its own voice, in three languages.
//
// Pure; any thread. The strings live as long as the program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/errc.hpp"

namespace emostage::chat {

enum class Tongue : std::uint8_t { en, ja, zh };

// By the language of `locale` ("ja", "ja-JP", "zh_CN.UTF-8"); anything else: English.
Tongue tongue_of(std::string_view locale);

struct Words {
    std::string_view greeting;  // says that this is no person
    std::string_view help;
    std::string_view leave_hint;  // after a first Ctrl-C
    std::string_view unreachable;
    std::string_view connected;
    std::string_view starts_again;
    std::string_view cancelled;
    std::string_view interrupted;
    std::string_view incomplete;  // the reply above broke off
    std::string_view cut_short;
    std::string_view degraded;  // followed by names
    std::string_view not_text;  // the line is not UTF-8
    std::string_view feelings, needs, phase;
    std::string_view stage_failed, stage_skipped;  // followed by the stage's name
    std::string_view risk_concern, risk_alert;
    std::string_view colon, comma;
};

const Words& words(Tongue tongue);

// Why there is no reply, in a sentence for a person. `retry_after_ms` 0: not known.
std::string failure(Tongue tongue, Errc code, std::int64_t retry_after_ms);

std::string too_long(Tongue tongue, std::uint64_t bytes_max);

}  // namespace emostage::chat
