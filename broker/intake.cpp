#include "broker/intake.hpp"

#include <algorithm>
#include <vector>

#include "broker/clip.hpp"

namespace emostage::broker {
namespace {

constexpr std::size_t bytes_per_step = 1024;  // of a replay

}  // namespace

// --- open --------------------------------------------------------------------------------------

void Intake::on(wire::Open open, Now now) {
    ++state_.counters.opened;
    const auto content = content_hash(open);
    // Before all else, while draining too: a turn that was accepted is never rejected.
    if (Turn* known = state_.find(open.turn, now)) {
        join(*known, open, content, now);
        return;
    }
    if (auto why = refuse(open, now.steady)) {
        reject(open.gateway, open.turn, open.session, std::move(*why), now);
        return;
    }
    if (open.on_busy == wire::OnBusy::interrupt) interrupt(open.session, now);
    lifecycle_.accept(std::move(open), content, now);
}

std::optional<wire::Rejected> Intake::refuse(const wire::Open& open, TimePoint now) const {
    if (state_.draining) {
        return wire::Rejected{Errc::unavailable, "the broker is draining; use another",
                              std::nullopt};
    }
    if (state_.ledger.refuses()) {
        return wire::Rejected{Errc::unavailable, "the broker's disk is full or fails",
                              state_.ledger.retry_after().count()};
    }
    const auto& pipeline = open.pipeline.empty() ? state_.config.default_pipeline : open.pipeline;
    const bool served = state_.workers.announced(pipeline);
    if (!served && state_.workers.complete()) {
        return wire::Rejected{Errc::unknown_pipeline, "no worker serves this pipeline",
                              std::nullopt};
    }
    if (auto why = refuse_in_session(open, now)) return why;
    if (auto why = state_.admission.refuse(open, pipeline, served, now)) return why;
    if (!state_.sessions.has_room_for(open.session)) {
        return state_.admission.overloaded("too many sessions have turns", now);
    }
    if (!state_.fanout.has_room_for(open.gateway)) {
        return state_.admission.overloaded("too many gateways have turns", now);
    }
    return std::nullopt;
}

std::optional<wire::Rejected> Intake::refuse_in_session(const wire::Open& open,
                                                        TimePoint now) const {
    const Session* session = state_.sessions.find(open.session);
    if (!session) return std::nullopt;
    switch (open.on_busy) {
        case wire::OnBusy::interrupt:
            break;  // what waits is cancelled
        case wire::OnBusy::reject:
            if (session->busy()) {
                return wire::Rejected{Errc::session_busy, "the session has a turn already",
                                      std::nullopt};
            }
            break;
        case wire::OnBusy::enqueue:
            if (session->waiting.size() >= state_.config.queued_turns_per_session_max) {
                return state_.admission.overloaded_share("the session has too many turns waiting",
                                                         open.gateway, now);
            }
    }
    return std::nullopt;
}

bool Intake::settled(const Turn& turn) {
    return turn.state == TurnState::ended && turn.told == turn.log.last();
}

bool Intake::attach(Turn& turn, const std::string& gateway, Now now) {
    if (settled(turn) || Fanout::asks(turn, gateway)) return true;
    if (!state_.fanout.attach(turn, gateway, now.steady)) return false;
    state_.ledger.changed(turn, now);
    return true;
}

void Intake::join(Turn& turn, const wire::Open& open, const ContentHash& content, Now now) {
    if (turn.content != content) {
        answer(turn, open.gateway,
               {Errc::conflict, "this turn id is known with other content", std::nullopt}, now);
        return;
    }
    if (!attach(turn, open.gateway, now)) {
        answer(turn, open.gateway,
               state_.admission.overloaded("the turn has too many gateways already", now.steady),
               now);
        return;
    }
    ++state_.counters.joined;
    // `rejected` would be the end of a turn that was accepted: without room this is one of the
    // messages that get lost, and the gateway asks again.
    if (!has_room_to_replay(turn, open.gateway, 0, now)) {
        ++state_.counters.replays_dropped;
        return;
    }
    replay(turn, open.gateway, 0, now);
}

// All at once and in order, so that the new turn is next and its history has their texts.
void Intake::interrupt(const std::string& id, Now now) {
    const Session* session = state_.sessions.find(id);
    if (!session) return;
    std::vector<Turn*> turns;
    if (session->running) turns.push_back(session->running);
    turns.insert(turns.end(), session->waiting.begin(), session->waiting.end());
    for (Turn* turn : turns) {
        lifecycle_.stop(*turn, wire::Cancelled{"interrupted"}, "interrupted",
                        Lifecycle::Remember::text_and_reply, now);
    }
}

// --- cancel and resume -------------------------------------------------------------------------

void Intake::on(const wire::Cancel& cancel, Now now) {
    ++state_.counters.cancels;
    Turn* turn = state_.find(cancel.turn, now);
    if (!turn) {
        reject_unknown(cancel.gateway, cancel.turn, now);
        return;
    }
    if (settled(*turn)) {
        tell_end(*turn, cancel.gateway);
        return;
    }
    // Who cancels is to hear the end, if there is room for one more.
    state_.fanout.attach(*turn, cancel.gateway, now.steady);
    if (turn->state == TurnState::ended) return;  // and is about to be told
    turn->cancel_asked = true;
    lifecycle_.stop(*turn, wire::Cancelled{"requested"}, "requested",
                    Lifecycle::Remember::text_and_reply, now);
}

void Intake::on(const wire::Resume& resume, Now now) {
    ++state_.counters.resumes;
    Turn* turn = state_.find(resume.turn, now);
    if (!turn) {
        reject_unknown(resume.gateway, resume.turn, now);
        return;
    }
    // Who has it all learns that there is no more.
    if (settled(*turn) && resume.after >= turn->log.last()) {
        tell_end(*turn, resume.gateway);
        return;
    }
    if (!has_room_to_replay(*turn, resume.gateway, resume.after, now)) {
        const auto wait = std::clamp(state_.replays.wait_of(resume.gateway, now.steady),
                                     state_.config.retry_after_min, state_.config.retry_after_max);
        reject(resume.gateway, resume.turn, turn->open.session,
               {Errc::overloaded, "too many resumes of this gateway wait already", wait.count()},
               now);
        return;
    }
    if (!attach(*turn, resume.gateway, now)) {
        answer(*turn, resume.gateway,
               state_.admission.overloaded("the turn has too many gateways already", now.steady),
               now);
        return;
    }
    replay(*turn, resume.gateway, resume.after, now);
}

void Intake::tell_end(const Turn& turn, const std::string& gateway) {
    state_.fanout.replay(turn, gateway, turn.log.last() - 1, turn.log.last());
}

bool Intake::has_room_to_replay(const Turn& turn, const std::string& gateway, std::uint64_t after,
                                Now now) const {
    return after >= turn.told || state_.replays.has_room_for(gateway, turn.id(), now.steady);
}

void Intake::replay(const Turn& turn, const std::string& gateway, std::uint64_t after, Now now) {
    const ReplayQueue::Replay wanted{gateway, turn.id(), after, turn.told};
    if (after < turn.told && !state_.replays.ask(wanted, now.steady)) return;
    send_replay(turn, wanted, now);
}

std::size_t Intake::send_replay(const Turn& turn, const ReplayQueue::Replay& replay, Now now) {
    const auto bytes = state_.fanout.replay(turn, replay.gateway, replay.after, replay.upto);
    state_.replays.charge(replay.gateway, bytes, now.steady);
    return 1 + bytes / bytes_per_step;
}

std::size_t Intake::replay_waiting(Now now) {
    const auto replay = state_.replays.take(now.steady);
    if (!replay) return 0;
    if (const Turn* turn = state_.find(replay->turn, now)) return send_replay(*turn, *replay, now);
    reject_unknown(replay->gateway, replay->turn, now);
    return 1;
}

// --- the rest ----------------------------------------------------------------------------------

void Intake::on(const codec::BadCommand& bad, Now now) {
    ++state_.counters.bad_commands;
    if (bad.gateway.empty() || bad.turn.empty()) return;
    reject(
        bad.gateway, bad.turn, {},
        {bad.error.code, clipped(bad.error.message, wire::error_message_bytes_max), std::nullopt},
        now);
}

void Intake::on(const Subscribed& subscribed, Now now) {
    if (subscribed.gateway.empty()) {
        state_.tells_pipelines = true;
        state_.tell_pipelines(now);
        return;
    }
    state_.fanout.publish_unnumbered(subscribed.gateway, {}, {},
                                     wire::Hello{wire::protocol_version, state_.config.limits},
                                     now.unix_ms);
    state_.fanout.hasten(subscribed.gateway, now.steady);
}

void Intake::answer(Turn& turn, const std::string& gateway, wire::Rejected why, Now now) {
    if (turn.told > 0) {
        reject(gateway, turn.id(), turn.open.session, std::move(why), now);
    } else if (turn.answers.size() < state_.config.askers_per_turn_max) {
        turn.answers.emplace_back(gateway, std::move(why));
    }
}

void Intake::reject_unknown(const std::string& gateway, const std::string& turn, Now now) {
    reject(gateway, turn, {}, {Errc::unknown_turn, "no such turn, or no longer kept", std::nullopt},
           now);
}

void Intake::reject(const std::string& gateway, const std::string& turn, const std::string& session,
                    wire::Rejected why, Now now) {
    state_.fanout.reject(gateway, turn, session, std::move(why), now.unix_ms);
}

}  // namespace emostage::broker
