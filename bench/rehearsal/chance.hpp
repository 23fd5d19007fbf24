// Randomness that is the same for the same seed, whatever came before.
#pragma once

#include <cstdint>
#include <string_view>

namespace emostage::rehearsal {

// SplitMix64. https://prng.di.unimi.it/splitmix64.c
constexpr std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
    std::uint64_t z = seed + (number + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// FNV-1a: stable over builds and machines. http://www.isthe.com/chongo/tech/comp/fnv
constexpr std::uint64_t fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    }
    return hash;
}

// In [0, 1).
constexpr double fraction(std::uint64_t random) {
    return static_cast<double>(random >> 11) * 0x1.0p-53;
}

}  // namespace emostage::rehearsal
