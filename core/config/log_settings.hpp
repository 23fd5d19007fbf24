// The keys `log_level` and `log_format`, the same in every program.
#pragma once

#include "core/config/settings.hpp"
#include "core/log/log.hpp"

namespace emostage::config {

// `into` outlives the settings.
void add_log(Settings& settings, log::Config& into);

}  // namespace emostage::config
