// A turn's way: accepted, queued, leased, perhaps back in the queue, ended, forgotten.
//
// The only place that changes a turn's state, so that every table hears of every change.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/state.hpp"
#include "broker/teller.hpp"

namespace emostage::broker {

class Lifecycle {
public:
    explicit Lifecycle(State& state) : state_(state) {}

    // Requires: admitted, unknown, room for its session and its gateway.
    void accept(wire::Open open, const ContentHash& content, Now now);

    void say(Turn& turn, wire::EventBody body, Now now) { teller_.say(turn, std::move(body), now); }
    void say_delta(Turn& turn, std::string& text, Now now) { teller_.say_delta(turn, text, now); }
    // "Forget the deltas so far", where there are any; by a run, or by the broker itself.
    void reset(Turn& turn, std::string_view reason, Now now);
    void take_back(Turn& turn, std::string_view reason, Now now);

    // An analysis found what people should look at.
    void alert(Turn& turn, wire::Alert alert, Now now);

    // What is stored now is told; an end that is, is settled: the turn may be forgotten afterwards,
    // where no ended one can be kept.
    void stored(Turn& turn, Now now);
    // A turn whose acceptance could not be stored: as if it had never been.
    void drop(Turn& turn, Now now);

    // Ends a turn that is queued or whose run is over (no lease). `memory`: what its session
    // remembers of it. The turn may be forgotten afterwards, as after stored().
    enum class Remember : std::uint8_t { nothing, text_and_reply };
    void end(Turn& turn, wire::EventBody body, Remember memory, Now now,
             const wire::Packed* session_state = nullptr);
    // Ends a turn whatever it does; its worker is told to stop.
    void stop(Turn& turn, wire::EventBody body, std::string_view reason, Remember memory, Now now);

    void expire(Turn& turn, Now now);  // its deadline passed

    // Leases as many turns as there is credit for, at most `grants_max`.
    void dispatch(Now now);
    bool dispatch_unfinished() const { return unfinished_; }

    // The run of this lease is lost: fenced, and the turn gets another attempt or has had its last.
    void lose(Lease& lease, LossCause cause, Now now);
    // All that the worker held is lost, and the worker is forgotten.
    void lose(Worker& worker, LossCause cause, Now now);
    // The worker cannot or will not run it: back to the queue, without an attempt counted.
    void hand_back(Lease& lease, Now now);
    // The lease's run is over. Its turn, if it is not closing, has no lease then.
    void release(Lease& lease);
    // The run has said the end of its turn, which is ended next: the lease goes when that is
    // stored.
    void finish(Lease& lease);

    void forget(Turn& ended, Now now);

    // The session's first turn can run, if none does.
    void make_head_ready(Session& session, Now now);
    // Numbers that readers may have seen of a run that does not come back: what they were is lost,
    // and so is the text that went on from there. True: there were some.
    bool void_unknown(Turn& turn, Now now);

private:
    Turn& detach(Lease& lease);       // the lease is closing then
    void leave(Turn& turn, Now now);  // the queue, or its session's run
    void settle(Turn& ended, Now now);
    void requeue(Turn& turn, Now now);
    void count_loss(Turn& turn, Now now);
    void count_end(const Turn& turn, const wire::EventBody& body, Now now);
    void note_loss(const Lease& lease, LossCause cause);
    static Note note_of(Note::What what, const Turn& turn);
    void grant(Turn& turn, Worker& worker, Now now);
    FairQueue::Place place_of(const Turn& turn) const;

    State& state_;
    Teller teller_{state_};
    std::uint64_t dispatched_at_ = 0;  // changes seen by the last dispatch
    std::uint64_t pushes_ = 0;
    bool unfinished_ = false;
};

}  // namespace emostage::broker
