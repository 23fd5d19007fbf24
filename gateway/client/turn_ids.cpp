#include "gateway/client/turn_ids.hpp"

#include <random>

namespace emostage::gateway {

RandomBits system_random() {
    return [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    };
}

std::string make_turn_id(const RandomBits& random) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string id;
    id.reserve(32);
    for (int half = 0; half < 2; ++half) {
        std::uint64_t bits = random();
        for (int i = 0; i < 16; ++i, bits >>= 4) id.push_back(digits[bits & 15]);
    }
    return id;
}

}  // namespace emostage::gateway
