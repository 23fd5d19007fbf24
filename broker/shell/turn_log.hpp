// Writes what the core notes as log lines: what an operator should see as warnings, bounded in
// number, the ordinary way of turns for who asks for debug lines.
//
// A session is named by a hash, for a gateway may have made its name of a person's. One thread.
#pragma once

#include "broker/note.hpp"
#include "core/log/throttle.hpp"

namespace emostage::broker {

class TurnLog {
public:
    static constexpr std::uint32_t warnings_max = 20;  // of each kind, in a second

    void write(const Note& note, TimePoint now);

private:
    void write_loss(const Note& note, TimePoint now);
    void write_end(const Note& note, TimePoint now);

    log::Throttle losses_{warnings_max}, failures_{warnings_max}, workers_{warnings_max};
};

}  // namespace emostage::broker
