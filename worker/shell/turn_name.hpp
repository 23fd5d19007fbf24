// How a turn is named in log lines: its id, its session (hashed: a gateway may have made the name
// of a person's), its attempt, its trace. Never text.
#pragma once

#include <cstdint>
#include <string>

#include "core/codec/hash.hpp"
#include "core/trace/trace_context.hpp"
#include "schemas/link.hpp"

namespace emostage::worker {

struct TurnName {
    explicit TurnName(const wire::Lease& lease)
        : turn(lease.turn),
          session(codec::text_hash(lease.session)),
          attempt(lease.attempt),
          trace(trace::trace_id(lease.traceparent)) {}

    std::string turn, session;
    std::uint32_t attempt;
    std::string trace;  // empty: it has none
};

}  // namespace emostage::worker
