// Every expected way in which something can go wrong, in one list.
//
// The names are wire format: they are the `code` of `rejected` and `failed` events. Change by
// adding.
#pragma once

#include <string_view>

namespace emostage {

enum class Errc {
    // The message itself
    malformed,            // not msgpack, cut off, too deep, or not a map
    invalid_field,        // a field is missing, unknown, of the wrong type or out of its range
    unsupported_version,  // `v` is not spoken here
    too_large,            // more bytes or items than the named limit

    // The turn, at the door
    conflict,           // this turn id is known with other content
    unknown_turn,       // cancel or resume of a turn that is not (or no longer) kept
    unknown_pipeline,   // no worker serves the pipeline
    session_busy,       // `on_busy: reject`, and the session has a turn
    overloaded,         // a queue is full; try again after `retry_after_ms`
    unavailable,        // the broker is draining or cannot store
    deadline_exceeded,  // the turn's deadline came first

    // The turn, while it runs
    attempts_exhausted,  // its workers were lost too often
    worker_lost,         // with the words it had shown, which `on_lost: fail` keeps from a reset
    cancelled,           // somebody asked for it

    // The model
    model_unreachable,  // no connection, or every endpoint's breaker is open
    model_refused,      // an HTTP status that no retry mends (400, 401, 404 …)
    model_busy,         // 429 or 503, and the retries are used up
    model_failed,       // 5xx or an error inside the stream
    model_cut,          // the stream ended without saying so
    model_timeout,      // connect, first token, silence or total time
    model_output,       // the answer is not what was asked for (typed outputs) or is empty

    // Our own side
    config,    // a configuration, pipeline or prompt file is wrong
    io,        // a socket or file operation failed
    internal,  // a defect of ours
};

constexpr std::string_view name(Errc code) {
    switch (code) {
        case Errc::malformed:
            return "malformed";
        case Errc::invalid_field:
            return "invalid_field";
        case Errc::unsupported_version:
            return "unsupported_version";
        case Errc::too_large:
            return "too_large";
        case Errc::conflict:
            return "conflict";
        case Errc::unknown_turn:
            return "unknown_turn";
        case Errc::unknown_pipeline:
            return "unknown_pipeline";
        case Errc::session_busy:
            return "session_busy";
        case Errc::overloaded:
            return "overloaded";
        case Errc::unavailable:
            return "unavailable";
        case Errc::deadline_exceeded:
            return "deadline_exceeded";
        case Errc::attempts_exhausted:
            return "attempts_exhausted";
        case Errc::worker_lost:
            return "worker_lost";
        case Errc::cancelled:
            return "cancelled";
        case Errc::model_unreachable:
            return "model_unreachable";
        case Errc::model_refused:
            return "model_refused";
        case Errc::model_busy:
            return "model_busy";
        case Errc::model_failed:
            return "model_failed";
        case Errc::model_cut:
            return "model_cut";
        case Errc::model_timeout:
            return "model_timeout";
        case Errc::model_output:
            return "model_output";
        case Errc::config:
            return "config";
        case Errc::io:
            return "io";
        case Errc::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace emostage
