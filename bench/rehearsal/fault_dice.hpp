// Which fault a request meets: by the seed and the request's number alone.
#pragma once

#include <cstdint>

#include "bench/rehearsal/chance.hpp"
#include "bench/rehearsal/options.hpp"

namespace emostage::rehearsal {

class FaultDice {
public:
    FaultDice(const FaultRates& rates, std::uint64_t seed) : rates_(rates), seed_(seed) {}

    // `number` counts the requests that may meet a fault.
    Fault roll(std::uint64_t number) const {
        double left = fraction(mix(seed_, number)) * 100.0;
        for (std::size_t kind = 1; kind < fault_kinds; ++kind) {
            if (left < rates_.percent[kind]) return static_cast<Fault>(kind);
            left -= rates_.percent[kind];
        }
        return Fault::none;
    }

private:
    FaultRates rates_;
    std::uint64_t seed_;
};

}  // namespace emostage::rehearsal
