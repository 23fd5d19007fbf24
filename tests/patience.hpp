// How long a test waits for what must come. Only one that fails waits so long.
#pragma once

#include <chrono>

namespace emostage::test {

inline constexpr std::chrono::seconds patience{60};

}  // namespace emostage::test
