// The key `admin`, in every program that has admin pages: HOST:PORT, or `off`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/address.hpp"
#include "core/config/settings.hpp"

namespace emostage::admin {

// `more` is put behind the help. `variable`: the environment's, where it is not the key's own.
// `into` outlives the settings; nothing: off.
void add_address(config::Settings& settings, std::optional<config::Address>& into,
                 std::string_view more = {}, std::string variable = {});

}  // namespace emostage::admin
