// Events as JSON, one line each, for `emostage-chat --json`: the fields of PROTOCOL.md under their
// names.
//
// Pure; any thread. The line is valid UTF-8 and free of control characters (all are escaped).
#pragma once

#include <string>

#include "schemas/event.hpp"

namespace emostage::chat {

std::string json_line(const wire::Event& event);  // with its line feed

}  // namespace emostage::chat
