// A turn's numbered events and the journal's rows of them: a delta costs its text and about four
// bytes.
//
// Pure functions. What is read was written here, whole.
#pragma once

#include <cstdint>
#include <vector>

#include "broker/event_log.hpp"
#include "broker/journal.hpp"
#include "broker/turn.hpp"
#include "core/result.hpp"

namespace emostage::broker {

// The turn's events after the number `after`, in rows of about a megabyte.
void add_event_rows(const Turn& turn, std::uint64_t after, std::vector<EventsRow>& into);

// Adds what is in the row, which follows on what is in the log. Errc::malformed.
Result<void> read_events(const EventsRow& row, EventLog& log);

// All events of a turn that has ended, from 1. Where they are not understood, a Failed of that
// attempt and time stands for every one of them.
EventLog unpack_events(const std::vector<EventsRow>& rows, std::uint32_t attempt,
                       std::int64_t at_ms);

}  // namespace emostage::broker
