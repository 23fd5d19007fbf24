// One turn's events, put in order: whatever comes twice, late, merged or not at all, what goes out
// is each number once, without a hole, ending with exactly one end.
//
// The turn may have ended before what is asked for: then the end, which the caller has, goes out
// again.
//
// A machine without I/O or clock. It says what is missing; GatewayCore decides when to ask for it.
// PROTOCOL.md, "Events"; DESIGN.md, section 3, invariants 1 to 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "gateway/client/delta_marks.hpp"
#include "gateway/client/reply_check.hpp"
#include "schemas/event.hpp"

namespace emostage::gateway {

class TurnReader {
public:
    // What waits for a hole to be filled. More: all of it is dropped, the replay brings it again.
    static constexpr std::size_t early_events_max = 256;
    static constexpr std::size_t early_bytes_max = 256 * 1024;

    enum class State : std::uint8_t {
        live,
        ended,   // the end went out; further events are ignored
        broken,  // what was read contradicts itself; restart() and read again from the start
    };

    // Reads what comes after the number `after`. Where that is not 0, the beginning of the reply is
    // not seen, so its end is not checked against its hash; restart() reads all of it.
    explicit TurnReader(std::uint64_t after = 0) : next_(after + 1), after_(after) {}

    // Appends to `ready` what became readable, in order. Events without a number are ignored.
    void on(wire::Event event, std::vector<wire::Event>& ready);

    // Events up to `seq` are known to exist (a beacon says so).
    void exists(std::uint64_t seq) { newest_ = newest_ > seq ? newest_ : seq; }

    // Numbers 1 to last() went out. What to put into `resume`.
    std::uint64_t last() const { return next_ - 1; }

    // Something is missing: resume after last().
    bool behind() const { return state_ == State::live && newest_ >= next_; }

    State state() const { return state_; }

    // Reads the same numbers once more after `broken`. Deltas, resets and the end go out again (the
    // caller makes its reader forget the reply so far), other events only if they did not yet.
    void restart();

    // The numbers start anew: another broker runs the turn.
    void forget();

    std::uint64_t reply_bytes() const { return check_.bytes(); }

private:
    bool ended_before(const wire::Event& event) const;
    bool fits(const wire::Event& event) const;
    void take(wire::Event event, std::vector<wire::Event>& ready);
    bool cut_known(wire::Event& event) const;
    void keep_early(wire::Event event);
    void drop_early();

    std::uint64_t next_;        // the first number that has not gone out
    std::uint64_t after_;       // up to here the caller has it; 0 from restart() or a reset on
    std::uint64_t newest_ = 0;  // the highest number known to exist
    std::uint64_t shown_ = 0;   // after restart(): stages and the like went out up to here
    std::uint32_t attempt_ = 0;
    State state_ = State::live;
    ReplyCheck check_;
    DeltaMarks marks_;
    std::map<std::uint64_t, wire::Event> early_;  // by their (last) number
    std::size_t early_bytes_ = 0;
};

}  // namespace emostage::gateway
