// New names: 128 random bits in hex. Where the bits come from is the caller's choice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace emostage::gateway {

using RandomBits = std::function<std::uint64_t()>;

// From the operating system.
RandomBits system_random();

// 32 lower-case hex digits.
std::string make_turn_id(const RandomBits& random);

}  // namespace emostage::gateway
