#include "broker/shell/turn_log.hpp"

#include "core/codec/hash.hpp"
#include "core/log/log.hpp"
#include "core/trace/trace_context.hpp"

namespace emostage::broker {
namespace {

std::string session_of(const Note& note) { return codec::text_hash(note.session); }
std::string_view trace_of(const Note& note) { return trace::trace_id(note.traceparent); }

}  // namespace

void TurnLog::write(const Note& note, TimePoint now) {
    switch (note.what) {
        case Note::What::accepted:
            if (!log::enabled(log::Level::debug)) return;
            log::debug("turn accepted", {{"turn", note.turn},
                                         {"session", session_of(note)},
                                         {"gateway", note.gateway},
                                         {"pipeline", note.pipeline},
                                         {"trace", trace_of(note)}});
            return;
        case Note::What::leased:
            if (!log::enabled(log::Level::debug)) return;
            log::debug("turn leased", {{"turn", note.turn},
                                       {"session", session_of(note)},
                                       {"attempt", note.attempt},
                                       {"worker", note.worker},
                                       {"trace", trace_of(note)},
                                       {"waited_ms", note.took}});
            return;
        case Note::What::lease_lost:
            return write_loss(note, now);
        case Note::What::ended:
            return write_end(note, now);
        case Note::What::worker_here:
            if (!workers_.pass(now)) return;
            log::info("worker registered",
                      {{"worker", note.worker}, {"not_logged", workers_.take_withheld()}});
            return;
        case Note::What::worker_gone:
            if (!workers_.pass(now)) return;
            log::info("worker gone", {{"worker", note.worker},
                                      {"cause", name(note.cause)},
                                      {"not_logged", workers_.take_withheld()}});
            return;
    }
}

void TurnLog::write_loss(const Note& note, TimePoint now) {
    if (!losses_.pass(now)) return;
    log::warn("lease lost", {{"turn", note.turn},
                             {"session", session_of(note)},
                             {"attempt", note.attempt},
                             {"worker", note.worker},
                             {"trace", trace_of(note)},
                             {"cause", name(note.cause)},
                             {"not_logged", losses_.take_withheld()}});
}

void TurnLog::write_end(const Note& note, TimePoint now) {
    const bool failed = note.end == TurnEnd::failed;
    if (failed ? !failures_.pass(now) : !log::enabled(log::Level::debug)) return;
    log::write(failed ? log::Level::warn : log::Level::debug, "turn ended",
               {{"turn", note.turn},
                {"session", session_of(note)},
                {"attempt", note.attempt},
                {"pipeline", note.pipeline},
                {"trace", trace_of(note)},
                {"end", name(note.end)},
                {"code", failed ? name(note.code) : ""},
                {"took_ms", note.took},
                {"not_logged", failed ? failures_.take_withheld() : 0}});
}

}  // namespace emostage::broker
