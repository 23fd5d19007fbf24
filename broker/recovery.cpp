#include "broker/recovery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace emostage::broker {
namespace {

class Recovery {
public:
    Recovery(State& state, Lifecycle& lifecycle, Now now)
        : state_(state), lifecycle_(lifecycle), now_(now) {}

    void on(RestoredSession& session) {
        // What was said long ago keeps its place before what is to come.
        for (const auto& said : session.memory.said()) state_.turns.skip_to(said.order);
        const Now changed{steady(session.changed_ms), session.changed_ms};
        state_.sessions.settle(
            state_.sessions.restore(session.id, std::move(session.memory), session.alerted, now_),
            changed);
    }

    void on(RestoredTurn& from) {
        Turn* turn = state_.turns.restore(std::move(from.open), from.content, from.order);
        if (!turn) return;  // two rows of one id: no store has that
        turn->log = std::move(from.log);
        turn->spoken = !turn->log.text().empty();
        turn->packed = std::move(from.packed);
        turn->state = from.state;
        turn->attempt = from.attempt;
        turn->returns = from.returns;
        turn->alerted = from.alerted;
        turn->retried = from.retried;
        turn->accepted_at = steady(from.accepted_ms);
        turn->told = from.last;
        state_.ledger.restore(*turn, from.reserved);
        if (turn->state == TurnState::ended) {
            turn->ended_at = steady(from.ended_ms);
            ended_.push_back(turn);
            return;
        }
        turn->maybe_told = from.reserved;
        ++state_.counters.recovered;
        const milliseconds longest(static_cast<std::int64_t>(state_.config.limits.deadline_ms));
        const milliseconds left(from.deadline_ms - now_.unix_ms);
        turn->deadline = now_.steady + std::min(left, longest);
        state_.deadlines.add(turn->deadline, *turn);
        state_.admission.enter(*turn);
        // One that finds no room hears of it again when it resumes.
        for (const auto& asker : from.askers) state_.fanout.attach(*turn, asker, now_.steady);
        turn->session = &state_.sessions.get(turn->open.session, now_);
        if (from.lease && hold(*turn, *from.lease)) return;
        if (from.lease) {  // more workers than there may be now
            turn->state = TurnState::queued;
            turn->retried = true;
            lifecycle_.void_unknown(*turn, now_);
        }
        auto& waiting = turn->session->waiting;
        state_.waiting.add(turn->accepted_at, *turn);
        turn->in_session = waiting.insert(waiting.end(), turn);
        queued_.push_back(turn);
    }

    void finish() {
        for (Turn* turn : queued_) lifecycle_.make_head_ready(*turn->session, now_);
        std::stable_sort(ended_.begin(), ended_.end(), [](const Turn* one, const Turn* other) {
            return one->ended_at < other->ended_at;
        });
        for (Turn* turn : ended_) state_.retention.add(*turn);
    }

private:
    TimePoint steady(std::int64_t unix_ms) const {
        return now_.steady - milliseconds(std::max<std::int64_t>(0, now_.unix_ms - unix_ms));
    }

    bool hold(Turn& turn, const RestoredLease& from) {
        if (turn.session->running) return false;
        Worker* worker = state_.workers.by_instance(from.instance);
        if (!worker) {
            worker = state_.workers.await(from.instance, from.worker, now_.steady,
                                          now_.steady + state_.config.recovery_grace);
        }
        Lease* lease =
            worker ? state_.leases.restore(from.id, *worker, turn, now_.steady) : nullptr;
        if (!lease) return false;
        lease->restored = true;
        lease->next_ordinal = from.next_ordinal;
        lease->stored = lease->kept = from.next_ordinal - 1;
        lease->started = from.started;
        lease->shown = from.shown;
        turn.lease = lease;
        turn.session->running = &turn;
        state_.admission.leave_queue(turn);
        return true;
    }

    State& state_;
    Lifecycle& lifecycle_;
    const Now now_;
    std::vector<Turn*> queued_, ended_;
};

}  // namespace

void recover(State& state, Lifecycle& lifecycle, Restored restored, Now now) {
    Recovery recovery(state, lifecycle, now);
    for (auto& session : restored.sessions) recovery.on(session);
    for (auto& turn : restored.turns) recovery.on(turn);
    recovery.finish();
}

}  // namespace emostage::broker
