#include "broker/link.hpp"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "broker/clip.hpp"
#include "core/codec/hash.hpp"

namespace emostage::broker {
namespace {

// A lease that its worker does not list in so many beats, and for so long, never reached it or
// ended there unheard. Both: beats that waited together in a socket say nothing about time.
constexpr std::uint32_t unlisted_beats_max = 2;

}  // namespace

void Link::on(FromWorker& from, Now now) {
    std::visit([&](auto& message) { on_message(from.route, message, now); }, from.message);
}

void Link::on(const Unreachable& gone, Now now) {
    if (Worker* worker = state_.workers.by_route(gone.route))
        state_.workers.unreachable(*worker, now.steady);
}

void Link::probe() {
    for (const Worker* worker : state_.workers.all()) {
        state_.send(*worker, wire::BeatAck{worker->beat});
    }
}

bool Link::step(Now now) {
    Worker* worker = state_.workers.due(now.steady);
    if (!worker) return false;
    if (state_.workers.lost(*worker, now.steady)) {
        lifecycle_.lose(*worker, WorkerTable::cause_of(*worker), now);
        return true;
    }
    state_.workers.acknowledged(*worker, now.steady);
    tell_kept(*worker);
    state_.send(*worker, wire::BeatAck{worker->beat});
    return true;
}

void Link::tell_kept(Worker& worker) {
    wire::Kept kept;
    for (Lease* lease : worker.leases) {
        if (lease->over) continue;  // told with its end
        const bool as_said = lease->closing() || !state_.ledger.durable();
        const auto last = as_said ? lease->next_ordinal - 1 : lease->stored;
        if (last > std::exchange(lease->kept, last)) kept.leases.emplace_back(lease->id, last);
    }
    if (!kept.leases.empty()) state_.send(worker, std::move(kept));
}

void Link::welcome(Worker& worker) {
    worker.welcome = ++state_.welcomes;
    state_.send(worker,
                wire::Welcome{state_.id, state_.config.beat, state_.config.fence, worker.welcome});
}

// --- registration and beats --------------------------------------------------------------------

void Link::on_message(const Route& route, wire::Ready& ready, Now now) {
    auto& workers = state_.workers;
    Worker* worker = workers.by_instance(ready.instance);
    Worker* there = workers.by_route(route);
    if (there && there != worker) lifecycle_.lose(*there, LossCause::replaced, now);
    if (worker) {
        workers.move(*worker, route);
    } else {
        worker = workers.add(ready.instance, route, now.steady);
        if (!worker) return;  // full: it says Ready again, and there may be room then
    }
    if (!std::exchange(worker->registered, true)) {
        Note here{Note::What::worker_here};
        here.worker = ready.worker;
        state_.outputs.note(here);
    }
    worker->name = ready.worker;
    worker->admin = ready.admin;
    worker->slots = std::min(ready.slots, state_.config.slots_max);
    workers.heard(*worker, now.steady);
    const auto known = workers.pipelines();
    workers.set_pipelines(*worker, ready.pipelines);
    if (workers.pipelines() != known && state_.tells_pipelines) state_.tell_pipelines(now);
    welcome(*worker);
}

void Link::on_message(const Route& route, wire::Beat& beat, Now now) {
    auto& workers = state_.workers;
    Worker* worker = workers.by_instance(beat.instance);
    if (!worker) {
        send(route, wire::Register{});
        for (const auto id : beat.leases) {
            if (!state_.leases.find(id)) send(route, wire::Stop{id, true, "lease unknown"});
        }
        return;
    }
    if (beat.number <= worker->beat) return;  // overtaken: it came by a former connection
    Worker* there = workers.by_route(route);
    if (there && there != worker) return;
    if (!worker->registered) {
        workers.move(*worker, route);
        send(route, wire::Register{});
    } else if (worker->route != route) {
        workers.move(*worker, route);
        welcome(*worker);  // what was under way on the former connection is said again
    }
    workers.beat(*worker, beat.number, beat.draining, now.steady);
    settle_beat(*worker, beat, now);
}

void Link::settle_beat(Worker& worker, const wire::Beat& beat, Now now) {
    // All that it said before the broker's start has come again by now: the numbers are known.
    const bool caught_up = worker.welcome && beat.welcome == worker.welcome;
    for (const auto id : beat.leases) {
        Lease* lease = state_.leases.find(id);
        if (lease && lease->worker != &worker) lease = nullptr;
        if (lease) {
            lease->listed_in = beat.number;
            lease->unlisted = 0;
            if (caught_up && lease->turn) lease->turn->maybe_told = 0;
        }
        const bool held = lease && (!lease->closing() || lease->over);
        if (!held) state_.send(worker, wire::Stop{id, true, "lease over"});
    }
    std::vector<Lease*> over, lost;
    for (Lease* lease : worker.leases) {
        if (lease->listed_in == beat.number) continue;
        ++lease->unlisted;
        if (lease->over) {
            continue;  // until its end is stored
        } else if (lease->closing()) {
            over.push_back(lease);
        } else if (lease->unlisted >= unlisted_beats_max &&
                   now.steady - lease->granted_at >= unlisted_beats_max * state_.config.beat) {
            lost.push_back(lease);
        }
    }
    for (Lease* lease : over) lifecycle_.release(*lease);
    for (Lease* lease : lost) {
        lifecycle_.lose(*lease, LossCause::unlisted, now);
        lifecycle_.release(*lease);
    }
}

Lease* Link::lease_of(const Route& route, wire::LeaseId id, Now now) {
    Lease* lease = state_.leases.find(id);
    if (lease && lease->worker->route == route) return lease;
    auto& workers = state_.workers;
    Worker* there = workers.by_route(route);
    if (!lease || there) {
        if (!there) send(route, wire::Register{});
        send(route, wire::Stop{id, true, "lease unknown"});
        return nullptr;
    }
    // A DEALER that reconnected goes on sending without knowing it: an unknown route that speaks
    // for a known lease is that lease's worker. Its beat will move it, at the latest; if the old
    // route is known to be gone, this does.
    if (!lease->worker->registered) {
        workers.move(*lease->worker, route);
        send(route, wire::Register{});
    } else if (lease->worker->gone_since) {
        workers.move(*lease->worker, route);
        welcome(*lease->worker);
    }
    workers.heard(*lease->worker, now.steady);
    return lease;
}

void Link::on_message(const Route& route, wire::Return& returned, Now now) {
    Lease* lease = lease_of(route, returned.lease, now);
    if (!lease) return;
    if (lease->closing()) {
        lifecycle_.release(*lease);
        return;
    }
    Worker& worker = *lease->worker;
    if (returned.reason == name(Errc::unknown_pipeline)) {
        state_.workers.drop_pipeline(worker, lease->turn->open.pipeline);
    }
    worker.handed_back = true;  // its next beat says whether it drains
    lifecycle_.hand_back(*lease, now);
}

// --- outputs -----------------------------------------------------------------------------------

void Link::on_message(const Route& route, wire::Output& output, Now now) {
    Lease* lease = lease_of(route, output.lease, now);
    if (!lease) return;
    state_.workers.heard(*lease->worker, now.steady);
    if (output.ordinal > lease->next_ordinal) {
        if (!lease->closing()) ask_again(*lease, now);
        return;
    }
    const auto repeated = lease->next_ordinal - output.ordinal;
    for (std::size_t i = repeated; i < output.events.size(); ++i) {
        ++lease->next_ordinal;
        switch (take(*lease, output.events[i], now)) {
            case Verdict::goes_on:
                break;
            case Verdict::over:
                return;
            case Verdict::lost:
                // What it showed is not to be trusted either: nobody goes on from there.
                lifecycle_.take_back(*lease->turn, "worker_lost", now);
                lifecycle_.lose(*lease, LossCause::wrong, now);
                return;
        }
    }
}

void Link::on_message(const Route& route, wire::Outputs& outputs, Now now) {
    for (auto& output : outputs.all) on_message(route, output, now);
}

// What follows the hole comes again with what is in it, so nothing of it is taken now.
void Link::ask_again(Lease& lease, Now now) {
    if (lease.asked_for == lease.next_ordinal) {
        if (now.steady - lease.asked_at < state_.config.beat) return;  // is under way
        if (lease.asked >= state_.config.resends_max) {
            lifecycle_.lose(lease, LossCause::gap, now);
            return;
        }
    } else {
        ++state_.counters.link_gaps;
        lease.asked_for = lease.next_ordinal;
        lease.asked = 0;
    }
    ++lease.asked;
    lease.asked_at = now.steady;
    state_.send(*lease.worker, wire::Resend{lease.id, lease.next_ordinal});
}

Link::Verdict Link::take(Lease& lease, wire::RunEvent& event, Now now) {
    if (lease.closing()) {
        const bool end = std::holds_alternative<wire::RunCompleted>(event) ||
                         std::holds_alternative<wire::Failed>(event) ||
                         std::holds_alternative<wire::Cancelled>(event);
        if (!end || lease.over) return Verdict::goes_on;
        if (lease.stop_asked_at != TimePoint{}) {
            state_.meters.stopped.observe(now.steady - lease.stop_asked_at);
        }
        state_.send(*lease.worker, wire::Kept{{{lease.id, lease.next_ordinal - 1}}});
        lifecycle_.release(lease);
        return Verdict::over;
    }
    if (auto* delta = std::get_if<wire::Delta>(&event)) return take(lease, *delta, now);
    return std::visit([&](auto& body) { return take(lease, body, now); }, event);
}

Link::Verdict Link::take(Lease& lease, wire::Started&, Now now) {
    if (std::exchange(lease.started, true)) return Verdict::goes_on;
    lifecycle_.say(*lease.turn, wire::Started{lease.worker->name}, now);
    return Verdict::goes_on;
}

Link::Verdict Link::take(Lease& lease, wire::Stage& stage, Now now) {
    if (stage.result.bytes.size() > wire::result_bytes_max) return Verdict::lost;
    if (stage.status == wire::StageStatus::failed) ++state_.counters.stages_failed;
    if (stage.status == wire::StageStatus::skipped) ++state_.counters.stages_skipped;
    lifecycle_.say(*lease.turn, std::move(stage), now);
    return log_checked(lease, now);
}

Link::Verdict Link::take(Lease& lease, wire::Delta& delta, Now now) {
    if (delta.text.empty()) return Verdict::goes_on;
    Turn& turn = *lease.turn;
    // The worker was told the limit and cuts there.
    if (turn.log.text().size() + delta.text.size() > state_.config.limits.reply_bytes) {
        return Verdict::lost;
    }
    if (lease.shown || !turn.spoken) count_first(lease, now);
    lifecycle_.say_delta(turn, delta.text, now);
    return log_checked(lease, now);
}

// Of its lease, or of its turn. Out of the way of all that follow.
[[gnu::noinline]] void Link::count_first(Lease& lease, Now now) {
    Turn& turn = *lease.turn;
    auto& meter = state_.meters.of(turn.open.pipeline);
    if (std::exchange(lease.shown, false)) {
        ++state_.counters.continued;
        ++meter.continued;
    }
    if (!std::exchange(turn.spoken, true)) {
        meter.first_delta.observe(now.steady - turn.accepted_at);
    }
}

Link::Verdict Link::take(Lease& lease, wire::Reset& reset, Now now) {
    lease.shown = false;
    lifecycle_.reset(*lease.turn, clipped(reset.reason, wire::error_message_bytes_max), now);
    return log_checked(lease, now);
}

Link::Verdict Link::take(Lease& lease, wire::Alert& alert, Now now) {
    lifecycle_.alert(*lease.turn, std::move(alert), now);
    return log_checked(lease, now);
}

// What the broker keeps of a turn is bounded, whatever a worker sends.
Link::Verdict Link::log_checked(Lease& lease, Now now) {
    Turn& turn = *lease.turn;
    if (turn.log.bytes() <= state_.config.turn_log_bytes_max) return Verdict::goes_on;
    lifecycle_.stop(turn,
                    wire::Failed{Errc::internal, "the turn's events are more than is kept", false},
                    "too many events", Lifecycle::Remember::nothing, now);
    return Verdict::goes_on;  // the lease is closing
}

Link::Verdict Link::take(Lease& lease, wire::RunCompleted& run, Now now) {
    Turn& turn = *lease.turn;
    const auto text = turn.log.text();
    auto& completed = run.completed;
    if (completed.text_bytes != text.size() || completed.text_hash != codec::text_hash(text)) {
        return Verdict::lost;  // something else was shown than the model said
    }
    if (!completed.degraded.empty()) {
        ++state_.counters.degraded;
        ++state_.meters.of(turn.open.pipeline).degraded;
    }
    turn.maybe_told = 0;  // all that was told is known: this is what came last
    lifecycle_.finish(lease);
    lifecycle_.end(turn, std::move(completed), Lifecycle::Remember::text_and_reply, now,
                   run.state.bytes.empty() ? nullptr : &run.state);
    return Verdict::over;
}

Link::Verdict Link::take(Lease& lease, wire::Failed& failed, Now now) {
    Turn& turn = *lease.turn;
    failed.message = clipped(failed.message, wire::error_message_bytes_max);
    turn.maybe_told = 0;
    lifecycle_.finish(lease);
    lifecycle_.end(turn, std::move(failed), Lifecycle::Remember::nothing, now);
    return Verdict::over;
}

Link::Verdict Link::take(Lease& lease, wire::Cancelled&, Now now) {
    if (!lease.restored) return Verdict::lost;  // nobody asked for it: it gave up by itself
    // It was asked before the broker's last start, which nobody was told and nobody knows any more.
    lease.turn->maybe_told = 0;
    lifecycle_.hand_back(lease, now);
    return Verdict::over;
}

}  // namespace emostage::broker
