// What happens to turns and workers, for an operator's log; ids and codes, never text.
//
// The core says it as it decides; what becomes of it is the shell's. Lives for the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/meters.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

struct Note {
    enum class What : std::uint8_t {
        accepted,
        leased,      // `worker`
        lease_lost,  // `worker`, `cause`
        ended,       // `end`, `code` where it failed, `took`
        worker_here,
        worker_gone,  // `cause`
    };

    What what;
    std::string_view turn = {}, session = {}, gateway = {}, pipeline = {}, traceparent = {};
    std::uint32_t attempt = 0;
    std::string_view worker = {};
    TurnEnd end = TurnEnd::completed;
    Errc code = Errc::internal;
    LossCause cause = LossCause::disconnected;
    Duration took{};
};

}  // namespace emostage::broker
