// Whether two opens ask for the same, as the broker judges it: PROTOCOL.md, "open".
#pragma once

#include <string_view>

#include "schemas/command.hpp"
#include "schemas/limits.hpp"

namespace emostage::gateway {

// `encoded` is an open that was checked under these limits or wider ones.
bool same_content(const wire::Open& open, std::string_view encoded, const wire::Limits& limits);

}  // namespace emostage::gateway
