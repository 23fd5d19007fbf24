// Between what the core keeps of turns and sessions and the journal's rows: msgpack maps with short
// keys. Numbered events: journal_events.hpp.
//
// Pure functions. What is read was written here, whole (the store has checked its sum), so a row
// that does not fit is a broker of another version: Errc::malformed.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/journal.hpp"
#include "broker/restored.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace emostage::broker {

struct Session;

// The turn as it is; `reserved`: numbers up to it may be told before the next row. `request`: what
// it was asked comes with it.
TurnRow turn_row(const Turn& turn, std::uint64_t reserved, bool request, Now now);

SessionRow session_row(const Session& session, Now now);

Result<Restored> read_stored(Stored stored);

}  // namespace emostage::broker
