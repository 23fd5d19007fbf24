#include "broker/lifecycle.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace emostage::broker {
namespace {

void send_stop(State& state, const Lease& lease, bool fenced, std::string_view reason) {
    state.send(*lease.worker, wire::Stop{lease.id, fenced, std::string(reason)});
}

}  // namespace

// --- events ------------------------------------------------------------------------------------

void Lifecycle::reset(Turn& turn, std::string_view reason, Now now) {
    if (turn.log.text().empty()) return;
    ++state_.counters.resets;
    ++state_.meters.of(turn.open.pipeline).resets;
    teller_.say(turn, wire::Reset{std::string(reason)}, now);
}

void Lifecycle::take_back(Turn& turn, std::string_view reason, Now now) {
    if (void_unknown(turn, now) || turn.log.text().empty()) return;
    state_.ledger.hold(turn);
    reset(turn, reason, now);
}

bool Lifecycle::void_unknown(Turn& turn, Now now) {
    if (!Teller::has_unknown(turn)) return false;
    ++state_.counters.voided;
    ++state_.counters.resets;
    ++state_.meters.of(turn.open.pipeline).resets;
    teller_.say_over_unknown(turn, wire::Reset{"worker_lost"}, now);
    return true;
}

void Lifecycle::alert(Turn& turn, wire::Alert alert, Now now) {
    ++state_.counters.alerts;
    turn.alerted = turn.session->alerted = true;
    state_.ledger.changed(*turn.session);
    teller_.say(turn, std::move(alert), now);
}

// --- in and out --------------------------------------------------------------------------------

void Lifecycle::accept(wire::Open open, const ContentHash& content, Now now) {
    const auto& config = state_.config;
    const auto position = state_.admission.queued();
    if (open.pipeline.empty()) open.pipeline = config.default_pipeline;
    Turn& turn = state_.turns.add(std::move(open), content);

    const milliseconds longest(static_cast<std::int64_t>(config.limits.deadline_ms));
    turn.accepted_at = now.steady;
    turn.deadline =
        now.steady + std::min(turn.open.deadline.value_or(config.deadline_default), longest);
    state_.deadlines.add(turn.deadline, turn);
    state_.waiting.add(turn.accepted_at, turn);
    state_.admission.enter(turn);

    Session& session = state_.sessions.get(turn.open.session, now);
    turn.session = &session;
    turn.in_session = session.waiting.insert(session.waiting.end(), &turn);
    [[maybe_unused]] const bool attached =
        state_.fanout.attach(turn, turn.open.gateway, now.steady);
    assert(attached);
    state_.ledger.add(turn);
    state_.ledger.hold(turn);
    teller_.say(turn, wire::Accepted{position}, now);
    state_.outputs.note(note_of(Note::What::accepted, turn));
    make_head_ready(session, now);
}

void Lifecycle::stop(Turn& turn, wire::EventBody body, std::string_view reason, Remember memory,
                     Now now) {
    if (turn.lease) {
        send_stop(state_, *turn.lease, false, reason);
        turn.lease->stop_asked_at = now.steady;
        detach(*turn.lease);
    }
    end(turn, std::move(body), memory, now);
}

void Lifecycle::expire(Turn& turn, Now now) {
    stop(turn, wire::Failed{Errc::deadline_exceeded, "the turn's deadline passed", true},
         "deadline_exceeded", Remember::nothing, now);
}

void Lifecycle::end(Turn& turn, wire::EventBody body, Remember memory, Now now,
                    const wire::Packed* session_state) {
    assert(turn.state != TurnState::ended && !turn.lease);
    count_end(turn, body, now);

    Session& session = *turn.session;
    if (std::holds_alternative<wire::Completed>(body)) session.alerted = turn.alerted;
    if (memory == Remember::text_and_reply && !turn.stateless()) {
        state_.sessions.remember(session, turn, std::string(turn.log.text()), session_state, now);
    }
    leave(turn, now);
    turn.state = TurnState::ended;
    turn.ended_at = now.steady;

    if (Teller::has_unknown(turn)) {
        teller_.say_over_unknown(turn, std::move(body), now);
    } else {
        state_.ledger.hold(turn);
        teller_.say(turn, std::move(body), now);
    }
    turn.open.text = {};
    turn.open.history.reset();
    turn.open.locale = {};
    turn.open.traceparent = {};
    turn.log.shrink();
    if (!state_.ledger.durable()) settle(turn, now);
}

void Lifecycle::count_end(const Turn& turn, const wire::EventBody& body, Now now) {
    auto& counters = state_.counters;
    Note note = note_of(Note::What::ended, turn);
    note.took = now.steady - turn.accepted_at;
    if (const auto* failed = std::get_if<wire::Failed>(&body)) {
        ++counters.failed;
        ++state_.meters.failed[static_cast<std::size_t>(failed->code)];
        note.end = TurnEnd::failed;
        note.code = failed->code;
    } else if (std::holds_alternative<wire::Cancelled>(body)) {
        ++counters.cancelled;
        note.end = TurnEnd::cancelled;
    } else {
        ++counters.completed;
    }
    const auto end = static_cast<std::size_t>(note.end);
    state_.meters.of(turn.open.pipeline).took[end].observe(note.took);
    state_.outputs.note(note);
}

// The session may be gone afterwards.
void Lifecycle::leave(Turn& turn, Now now) {
    Session& session = *turn.session;
    if (turn.state == TurnState::running) {
        session.running = nullptr;
        state_.admission.count_end(now.steady);
    } else {
        if (turn.ready) state_.queue.erase(place_of(turn));
        turn.ready = false;
        session.waiting.erase(turn.in_session);
        state_.waiting.remove(turn.accepted_at, turn);
        state_.admission.leave_queue(turn);
    }
    state_.deadlines.remove(turn.deadline, turn);
    state_.admission.leave(turn);
    turn.session = nullptr;
    make_head_ready(session, now);
    state_.sessions.settle(session, now);
}

void Lifecycle::stored(Turn& turn, Now now) {
    teller_.tell(turn);
    for (auto& [gateway, why] : std::exchange(turn.answers, {})) {
        state_.fanout.reject(gateway, turn.id(), turn.open.session, std::move(why), now.unix_ms);
    }
    if (turn.state == TurnState::ended && turn.told == turn.log.last()) settle(turn, now);
}

// Its end was told, and will be told the same after any start: the worker may forget it.
void Lifecycle::settle(Turn& turn, Now now) {
    if (std::exchange(turn.cancel_asked, false)) {
        state_.meters.cancel_told.observe(now.steady - turn.ended_at);
    }
    if (Lease* lease = state_.leases.find(std::exchange(turn.ended_lease, 0))) {
        state_.send(*lease->worker, wire::Kept{{{lease->id, lease->next_ordinal - 1}}});
        release(*lease);
    }
    state_.ledger.settled(turn);
    state_.fanout.fade(turn, now.steady);
    state_.retention.add(turn);
    while (Turn* surplus = state_.retention.surplus()) forget(*surplus, now);  // may be this one
}

void Lifecycle::drop(Turn& turn, Now now) {
    const wire::Rejected why{Errc::unavailable,
                             "the turn cannot be stored: the broker's disk fails",
                             state_.ledger.retry_after().count()};
    for (const Asker& asker : turn.askers) {
        state_.fanout.reject(asker.gateway->name, turn.id(), turn.open.session, why, now.unix_ms);
    }
    if (turn.lease) {
        send_stop(state_, *turn.lease, true, "turn dropped");
        detach(*turn.lease);
    }
    if (turn.state != TurnState::ended) leave(turn, now);
    if (Lease* lease = state_.leases.find(turn.ended_lease)) release(*lease);
    state_.fanout.detach_all(turn);
    state_.ledger.forget(turn, now);
    state_.turns.erase(turn);
}

void Lifecycle::forget(Turn& ended, Now now) {
    state_.fanout.detach_all(ended);
    state_.retention.remove(ended);
    state_.ledger.forget(ended, now);
    state_.turns.erase(ended);
}

// --- leases ------------------------------------------------------------------------------------

FairQueue::Place Lifecycle::place_of(const Turn& turn) const {
    const auto priority = turn.session->alerted ? wire::Priority::high : turn.open.priority;
    const auto ahead = static_cast<int>(priority) * state_.config.priority_step;
    // From when it could run: a session with many turns takes turns with the others.
    return {turn.open.pipeline, turn.open.gateway, turn.ready_at - ahead, turn.order, turn.retried};
}

void Lifecycle::make_head_ready(Session& session, Now now) {
    if (session.running || session.waiting.empty()) return;
    Turn& head = *session.waiting.front();
    if (head.ready) return;
    head.ready = true;
    head.ready_at = now.steady;
    ++pushes_;
    state_.queue.push(place_of(head), head);
}

void Lifecycle::dispatch(Now now) {
    // Nothing became ready and no credit was gained since nothing more could be leased.
    const auto changes = pushes_ + state_.workers.gains();
    if (changes == dispatched_at_ && !unfinished_) return;
    const auto has_credit = [this](const std::string& pipeline) {
        return state_.workers.has_credit(pipeline);
    };
    unfinished_ = true;
    for (std::size_t grants = 0; grants < state_.config.grants_max; ++grants) {
        Turn* turn = state_.queue.pop(has_credit);
        if (!turn) {
            unfinished_ = false;
            break;
        }
        turn->ready = false;
        if (turn->deadline <= now.steady) {
            expire(*turn, now);
            continue;
        }
        grant(*turn, *state_.workers.choose(turn->open.pipeline), now);
    }
    dispatched_at_ = pushes_ + state_.workers.gains();
}

void Lifecycle::grant(Turn& turn, Worker& worker, Now now) {
    Session& session = *turn.session;
    session.waiting.erase(turn.in_session);
    session.running = &turn;
    state_.waiting.remove(turn.accepted_at, turn);
    state_.admission.leave_queue(turn);
    turn.state = TurnState::running;
    state_.meters.leased(turn.open.pipeline);
    Note note = note_of(Note::What::leased, turn);
    note.worker = worker.name;
    note.took = now.steady - turn.accepted_at;
    if (turn.attempt == 0) state_.meters.of(turn.open.pipeline).queue_wait.observe(note.took);
    turn.attempt = note.attempt = std::max(turn.attempt, 1u);
    state_.outputs.note(note);
    Lease& lease = state_.leases.grant(worker, turn, now.steady);
    turn.lease = &lease;
    state_.workers.refresh(worker);
    // What this run says must not be told while the disk still has the turn with another.
    state_.ledger.hold(turn);

    const auto& open = turn.open;
    wire::Lease message;
    message.lease = lease.id;
    message.attempt = turn.attempt;
    message.turn = open.turn;
    message.session = open.session;
    message.pipeline = open.pipeline;
    message.locale = open.locale;
    message.text = open.text;
    message.history = turn.stateless() ? *open.history : session.memory.utterances();
    if (!turn.stateless()) message.state = session.memory.state();
    message.checkpoint = turn.log.stages();
    message.shown = turn.log.text();
    message.on_lost = open.on_lost;
    lease.shown = !message.shown.empty();
    message.left = std::max(milliseconds(0),
                            std::chrono::duration_cast<milliseconds>(turn.deadline - now.steady));
    message.reply_bytes_max = state_.config.limits.reply_bytes;
    message.traceparent = open.traceparent;
    state_.send(worker, std::move(message));
}

Turn& Lifecycle::detach(Lease& lease) {
    Turn& turn = *lease.turn;
    lease.turn = nullptr;
    turn.lease = nullptr;
    return turn;
}

void Lifecycle::finish(Lease& lease) {
    Turn& turn = detach(lease);
    turn.ended_lease = lease.id;
    lease.over = true;
    ++lease.worker->over;
    state_.workers.refresh(*lease.worker);
}

void Lifecycle::release(Lease& lease) {
    if (!lease.closing()) detach(lease);
    Worker& worker = *lease.worker;
    state_.leases.release(lease);
    state_.workers.refresh(worker);
}

// What its readers hold stays theirs: the next run goes on from it or takes it back.
void Lifecycle::requeue(Turn& turn, Now now) {
    Session& session = *turn.session;
    session.running = nullptr;
    turn.state = TurnState::queued;
    turn.retried = true;
    turn.in_session = session.waiting.insert(session.waiting.begin(), &turn);
    state_.waiting.add(turn.accepted_at, turn);
    state_.admission.enter_queue(turn);
    ++state_.counters.retries;
    state_.ledger.changed(turn, now);
    make_head_ready(session, now);
}

void Lifecycle::count_loss(Turn& turn, Now now) {
    if (turn.attempt >= state_.config.attempts_max) {
        end(turn,
            wire::Failed{Errc::attempts_exhausted, "the turn's workers were lost too often", false},
            Remember::nothing, now);  // not to be tried again: it may be what kills them
        return;
    }
    if (Teller::has_unknown(turn) && turn.open.on_lost == wire::OnLost::fail) {
        end(turn, wire::Failed{Errc::worker_lost, "the worker was lost in mid-reply", true},
            Remember::nothing, now);
        return;
    }
    void_unknown(turn, now);
    ++turn.attempt;
    requeue(turn, now);
}

Note Lifecycle::note_of(Note::What what, const Turn& turn) {
    Note note{what};
    note.turn = turn.open.turn;
    note.session = turn.open.session;
    note.gateway = turn.open.gateway;
    note.pipeline = turn.open.pipeline;
    note.traceparent = turn.open.traceparent;
    note.attempt = turn.attempt;
    return note;
}

void Lifecycle::note_loss(const Lease& lease, LossCause cause) {
    ++state_.counters.leases_lost;
    ++state_.meters.leases_lost[static_cast<std::size_t>(cause)];
    Note note = note_of(Note::What::lease_lost, *lease.turn);
    note.worker = lease.worker->name;
    note.cause = cause;
    state_.outputs.note(note);
}

void Lifecycle::lose(Lease& lease, LossCause cause, Now now) {
    note_loss(lease, cause);
    send_stop(state_, lease, true, "lease lost");
    count_loss(detach(lease), now);
}

void Lifecycle::lose(Worker& worker, LossCause cause, Now now) {
    Note gone{Note::What::worker_gone};
    gone.worker = worker.name;
    gone.cause = cause;
    state_.outputs.note(gone);
    while (!worker.leases.empty()) {
        Lease& lease = *worker.leases.back();
        if (!lease.closing()) note_loss(lease, cause);
        Turn* turn = lease.closing() ? nullptr : &detach(lease);
        state_.leases.release(lease);
        if (!turn) continue;
        count_loss(*turn, now);
    }
    state_.workers.remove(worker);
}

void Lifecycle::hand_back(Lease& lease, Now now) {
    Turn& turn = detach(lease);
    release(lease);
    if (++turn.returns > state_.config.returns_free) {
        count_loss(turn, now);
    } else {
        void_unknown(turn, now);
        requeue(turn, now);
    }
}

}  // namespace emostage::broker
