// Who is told what happens to a turn.
#pragma once

#include "schemas/event.hpp"

namespace emostage::gateway {

// Called in the turn's order, every event once; the last one is its only end (wire::is_end). Events
// that the client library made itself have no number (`seq` 0):
// - `reset`: the reply begins again because the broker lost its state or the text came damaged;
//   `accepted`, `started` and stages may then come a second time and replace the earlier ones.
// - `failed` and `cancelled`: the turn is over for this gateway without the broker's word.
//
// May call open(), join(), cancel(), leave() and abandon(), also for this turn. Lives until the
// end, leave() or abandon(). One reader of one turn at a time.
class TurnSink {
public:
    virtual ~TurnSink() = default;
    virtual void on_event(const wire::Event& event) = 0;
};

}  // namespace emostage::gateway
