// Gives events their numbers, keeps them and tells them: at once, or when the ledger lets them out.
//
// The only place that numbers events.
#pragma once

#include <string>

#include "broker/state.hpp"

namespace emostage::broker {

class Teller {
public:
    explicit Teller(State& state) : state_(state) {}

    void say(Turn& turn, wire::EventBody body, Now now);
    void say_delta(Turn& turn, std::string& text, Now now);  // takes the text

    // A broker that died may have told numbers that the log does not have.
    static bool has_unknown(const Turn& turn) { return turn.maybe_told > turn.log.last(); }
    // The event (EventLog::append_gap) stands for those too. It waits for the next commit.
    void say_over_unknown(Turn& turn, wire::EventBody body, Now now);

    // What may be told by now, from the log: deltas that waited are merged.
    void tell(Turn& turn);

private:
    // True: the event, which is the last, goes out now. Else it waits, and a commit is called for.
    bool may_go(Turn& turn, std::uint64_t seq, Now now);

    State& state_;
};

}  // namespace emostage::broker
