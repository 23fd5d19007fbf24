// One log line's content, built in the calling thread: bounded and cleaned, without time and
// newline.
#pragma once

#include <string>
#include <string_view>

#include "core/log/log.hpp"

namespace emostage::log {

// text: `warn  emostage-broker: lease lost turn=t-1 attempt=2`
// json: `"level":"warn","program":"emostage-broker","event":"lease lost","turn":"t-1","attempt":2`
std::string line(Format format, Level level, std::string_view program, std::string_view event,
                 Fields fields);

// Valid UTF-8 on one line: control, direction and separator characters and bytes that are no UTF-8
// become `?`; cut at a character's border to at most `bytes_max` and then ended by "...".
std::string one_line(std::string_view text, std::size_t bytes_max);

}  // namespace emostage::log
