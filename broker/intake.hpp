// What gateways say: opens, cancels, resumes, and what could not be read.
//
// Decides what is let in. Everything refused is answered with `rejected`, to the gateway that asked
// and to nobody else.
#pragma once

#include <optional>
#include <string>

#include "broker/lifecycle.hpp"
#include "broker/state.hpp"

namespace emostage::broker {

class Intake {
public:
    Intake(State& state, Lifecycle& lifecycle) : state_(state), lifecycle_(lifecycle) {}

    void on(wire::Open open, Now now);
    void on(const wire::Cancel& cancel, Now now);
    void on(const wire::Resume& resume, Now now);
    void on(const codec::BadCommand& bad, Now now);
    void on(const Subscribed& subscribed, Now now);

    // One replay that waited for its gateway's budget. Gives the steps that it took; 0: none is
    // due.
    std::size_t replay_waiting(Now now);

private:
    // Why a new turn is not let in; nothing: it is.
    std::optional<wire::Rejected> refuse(const wire::Open& open, TimePoint now) const;
    std::optional<wire::Rejected> refuse_in_session(const wire::Open& open, TimePoint now) const;
    static bool settled(const Turn& turn);  // ended, and the end is told
    // It hears what is still to be told of the turn. False: no room.
    bool attach(Turn& turn, const std::string& gateway, Now now);
    void join(Turn& turn, const wire::Open& open, const ContentHash& content, Now now);
    // Requires: it is settled.
    void tell_end(const Turn& turn, const std::string& gateway);
    bool has_room_to_replay(const Turn& turn, const std::string& gateway, std::uint64_t after,
                            Now now) const;
    // At once, or when the gateway's budget allows it. Requires: there is room.
    void replay(const Turn& turn, const std::string& gateway, std::uint64_t after, Now now);
    std::size_t send_replay(const Turn& turn, const ReplayQueue::Replay& replay, Now now);
    void interrupt(const std::string& session, Now now);
    // About a turn that goes on. Before its `accepted` it would read as its end: so it waits for
    // that.
    void answer(Turn& turn, const std::string& gateway, wire::Rejected why, Now now);
    void reject_unknown(const std::string& gateway, const std::string& turn, Now now);
    void reject(const std::string& gateway, const std::string& turn, const std::string& session,
                wire::Rejected why, Now now);

    State& state_;
    Lifecycle& lifecycle_;
};

}  // namespace emostage::broker
