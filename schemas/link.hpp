// What broker and workers say to each other: PROTOCOL.md, "The worker link". Not public: both sides
// are of one version. Each DEALER of a worker (one per shard) is a worker of its own here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/command.hpp"
#include "schemas/event.hpp"

namespace emostage::wire {

inline constexpr int link_version = 3;

inline constexpr std::size_t outputs_per_message_max = 256;
inline constexpr std::size_t admin_bytes_max = 270;  // HOST:PORT

using LeaseId = std::uint64_t;  // from 1; never used twice by one broker

// --- worker to broker ----------------------------------------------------------------------

// First word on a connection, and the answer to `Register`.
struct Ready {
    std::string worker;    // its name, as gateways see it
    std::string instance;  // random, one per process and shard; identity across reconnects
    std::uint32_t slots = 0;
    std::vector<std::string> pipelines;
    std::string admin = {};  // HOST:PORT of its admin pages, for operators; empty: it has none

    bool operator==(const Ready&) const = default;
};

struct Beat {
    std::string instance;
    std::uint64_t number = 0;     // from 1, grows by one
    std::vector<LeaseId> leases;  // all that it runs; each is renewed
    bool draining = false;        // no new leases, please
    std::uint64_t welcome = 0;    // the number of the last Welcome: all that was unkept then was
                                  // said again before this beat

    bool operator==(const Beat&) const = default;
};

// What a run ends with. `state` is what the session remembers for its next turn.
struct RunCompleted {
    Completed completed;
    Packed state;

    bool operator==(const RunCompleted&) const = default;
};

using RunEvent = std::variant<Started, Stage, Delta, Reset, Alert, RunCompleted, Failed, Cancelled>;

// Outputs of one run, in order. `ordinal` counts the events of this lease from 1 and is that of the
// first event here: a hole shows that the link lost something. The worker keeps each event until a
// `Kept` names it, and says it again when it is asked (`Resend`) and after each `Welcome`: the same
// event under the same ordinal.
struct Output {
    LeaseId lease = 0;
    std::uint64_t ordinal = 0;
    std::vector<RunEvent> events;

    bool operator==(const Output&) const = default;
};

// What several runs have to tell at once.
struct Outputs {
    std::vector<Output> all;

    bool operator==(const Outputs&) const = default;
};

// The worker gives the turn back unharmed (drain limit, unknown pipeline): no attempt is counted.
struct Return {
    LeaseId lease = 0;
    std::string reason;

    bool operator==(const Return&) const = default;
};

using FromWorker = std::variant<Ready, Beat, Output, Return, Outputs>;

// --- broker to worker ----------------------------------------------------------------------

struct Welcome {
    std::string broker;
    std::chrono::milliseconds beat{1000};   // how often both sides beat
    std::chrono::milliseconds fence{7000};  // unconfirmed this long: stop all runs
    std::uint64_t number = 0;               // comes back in beats

    bool operator==(const Welcome&) const = default;
};

// The whole turn; a worker needs nothing else.
struct Lease {
    LeaseId lease = 0;
    std::uint32_t attempt = 1;
    std::string turn;
    std::string session;
    std::string pipeline;
    std::string locale;
    std::string text;
    std::vector<Utterance> history;  // oldest first, without `text`
    Packed state;
    // What former attempts have done: stages that are over, in their order, and the text that
    // readers hold. The run says Delta to go on from `shown`, or Reset to start again.
    std::vector<Stage> checkpoint;
    std::string shown;
    OnLost on_lost = OnLost::go_on;
    std::chrono::milliseconds left{0};  // until the turn's deadline
    std::uint64_t reply_bytes_max = 0;
    std::string traceparent;

    bool operator==(const Lease&) const = default;
};

// Stop this run. `fenced`: say nothing more about it; else end it with `Cancelled`.
struct Stop {
    LeaseId lease = 0;
    bool fenced = false;
    std::string reason;

    bool operator==(const Stop&) const = default;
};

// Each beat interval; probes the connection and confirms the worker's beats.
struct BeatAck {
    std::uint64_t number = 0;  // the last beat received

    bool operator==(const BeatAck&) const = default;
};

// "I do not know you": say Ready again.
struct Register {
    bool operator==(const Register&) const = default;
};

// The events of these leases up to these ordinals are durable: the worker may forget them. The last
// one of a lease ends it on the worker's side too.
struct Kept {
    std::vector<std::pair<LeaseId, std::uint64_t>> leases;

    bool operator==(const Kept&) const = default;
};

// Events of this lease are missing: say all from this ordinal on again.
struct Resend {
    LeaseId lease = 0;
    std::uint64_t ordinal = 0;

    bool operator==(const Resend&) const = default;
};

using ToWorker = std::variant<Welcome, Lease, Stop, BeatAck, Register, Kept, Resend>;

}  // namespace emostage::wire
