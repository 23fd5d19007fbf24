// What workers say, and when they are lost.
//
// Takes nothing on trust: a hole in a lease's ordinals that stays, a reply that is not what was
// forwarded or too long, an end that nobody asked for — each loses the lease, and the turn gets
// another attempt.
#pragma once

#include "broker/lifecycle.hpp"
#include "broker/state.hpp"

namespace emostage::broker {

class Link {
public:
    Link(State& state, Lifecycle& lifecycle) : state_(state), lifecycle_(lifecycle) {}

    void on(FromWorker& from, Now now);  // takes what it says
    void on(const Unreachable& gone, Now now);

    // A word to each worker, for a send tells whether there is still somebody.
    void probe();
    // Confirms one worker's beats or drops one that is lost. False: nothing is due.
    bool step(Now now);

private:
    void on_message(const Route& route, wire::Ready& ready, Now now);
    void on_message(const Route& route, wire::Beat& beat, Now now);
    void on_message(const Route& route, wire::Output& output, Now now);
    void on_message(const Route& route, wire::Outputs& outputs, Now now);
    void on_message(const Route& route, wire::Return& returned, Now now);

    // What one event of a run does to its lease.
    enum class Verdict : std::uint8_t { goes_on, over, lost };
    Verdict take(Lease& lease, wire::RunEvent& event, Now now);
    Verdict take(Lease& lease, wire::Started&, Now now);
    Verdict take(Lease& lease, wire::Stage& stage, Now now);
    Verdict take(Lease& lease, wire::Delta& delta, Now now);
    Verdict take(Lease& lease, wire::Reset& reset, Now now);
    Verdict take(Lease& lease, wire::Alert& alert, Now now);
    Verdict take(Lease& lease, wire::RunCompleted& run, Now now);
    Verdict take(Lease& lease, wire::Failed& failed, Now now);
    Verdict take(Lease& lease, wire::Cancelled&, Now now);
    Verdict log_checked(Lease& lease, Now now);

    void count_first(Lease& lease, Now now);  // the first delta
    void ask_again(Lease& lease, Now now);
    void tell_kept(Worker& worker);
    void welcome(Worker& worker);
    // The lease if that route may speak for it; else the route is told to stop.
    Lease* lease_of(const Route& route, wire::LeaseId id, Now now);
    void settle_beat(Worker& worker, const wire::Beat& beat, Now now);
    void send(const Route& route, wire::ToWorker message) { state_.outputs.send(route, message); }

    State& state_;
    Lifecycle& lifecycle_;
};

}  // namespace emostage::broker
