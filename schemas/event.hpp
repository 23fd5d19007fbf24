// What comes back to a gateway: PROTOCOL.md, "Events".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/errc.hpp"
#include "schemas/limits.hpp"
#include "schemas/packed.hpp"

namespace emostage::wire {

// Names with numbers, in the order in which they were measured.
using Timings = std::vector<std::pair<std::string, std::int64_t>>;

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t calls = 0;  // model requests, retries and repairs included

    bool operator==(const Usage&) const = default;
};

// --- events without a turn -----------------------------------------------------------------

struct Hello {
    int protocol = 1;
    Limits limits;

    bool operator==(const Hello&) const = default;
};

struct Beacon {
    std::vector<std::pair<std::string, std::uint64_t>> live;  // turn, its last sequence number

    bool operator==(const Beacon&) const = default;
};

// What workers serve; the broker's default first, where it is served. For all who subscribe to `/`.
struct Pipelines {
    std::vector<std::string> names;  // at most pipelines_told_max

    bool operator==(const Pipelines&) const = default;
};

// --- events of a turn ----------------------------------------------------------------------

struct Accepted {
    std::uint64_t position = 0;  // turns that wait before this one

    bool operator==(const Accepted&) const = default;
};

struct Started {
    std::string worker;

    bool operator==(const Started&) const = default;
};

enum class StageStatus : std::uint8_t { done, failed, skipped };

struct Stage {
    std::string stage;
    StageStatus status = StageStatus::done;
    Packed result;  // a map; empty unless done
    std::int64_t ms = 0;
    std::vector<std::string> defaulted = {};  // fields of `result` that the model did not give

    bool operator==(const Stage&) const = default;
};

struct Delta {
    std::string text;        // valid UTF-8
    std::uint64_t from = 0;  // in a replay: stands for the numbers from…seq; 0: for `seq` alone

    bool operator==(const Delta&) const = default;
};

struct Reset {
    std::string reason;
    std::uint64_t from = 0;  // stands for the numbers from…seq, whatever they were; 0: for `seq`

    bool operator==(const Reset&) const = default;
};

// An analysis found what people should look at: a label that its pipeline marks as an alert.
struct Alert {
    std::string stage, field, value;

    bool operator==(const Alert&) const = default;
};

struct Completed {
    std::uint64_t text_bytes = 0;  // of all deltas since the last reset
    std::string text_hash;         // XXH64 of them, 16 lower-case hex digits
    std::string finish_reason;
    Usage usage;
    Timings timings_ms;
    std::vector<std::string> degraded;  // stages (or stage.field) that are defaults

    bool operator==(const Completed&) const = default;
};

struct Failed {
    Errc code = Errc::internal;
    std::string message;  // never message text
    bool retryable = false;
    std::uint64_t from = 0;  // as Reset::from

    bool operator==(const Failed&) const = default;
};

struct Cancelled {
    std::string reason;
    std::uint64_t from = 0;  // as Reset::from

    bool operator==(const Cancelled&) const = default;
};

struct Rejected {
    Errc code = Errc::internal;
    std::string message;
    std::optional<std::int64_t> retry_after_ms;

    bool operator==(const Rejected&) const = default;
};

// An event of a type that this version does not know: its number counts, its content is skipped.
// Only ever decoded, never sent.
struct Other {
    bool operator==(const Other&) const = default;
};

using EventBody = std::variant<Hello, Beacon, Pipelines, Accepted, Started, Stage, Delta, Reset,
                               Alert, Completed, Failed, Cancelled, Rejected, Other>;

struct Event {
    std::string turn;  // empty for hello, beacon and pipelines
    std::string session;
    std::uint64_t seq = 0;  // from 1 without a hole; 0: none (as those, and rejected)
    std::uint32_t attempt = 0;
    std::int64_t at_ms = 0;  // Unix time
    EventBody body;

    bool operator==(const Event&) const = default;
};

// The body frame of an event message.
struct EventBatch {
    std::string
        broker;  // names the state that numbers these events; another one: numbers start anew
    std::vector<Event> events;

    bool operator==(const EventBatch&) const = default;
};

// The first of the numbers that the event stands for; `seq` is the last.
inline std::uint64_t first_number(const Event& event) {
    std::uint64_t from = 0;
    if (const auto* delta = std::get_if<Delta>(&event.body)) from = delta->from;
    if (const auto* reset = std::get_if<Reset>(&event.body)) from = reset->from;
    if (const auto* failed = std::get_if<Failed>(&event.body)) from = failed->from;
    if (const auto* cancelled = std::get_if<Cancelled>(&event.body)) from = cancelled->from;
    return from != 0 ? from : event.seq;
}

// True for completed, failed, cancelled and rejected.
inline bool is_end(const EventBody& body) {
    return std::holds_alternative<Completed>(body) || std::holds_alternative<Failed>(body) ||
           std::holds_alternative<Cancelled>(body) || std::holds_alternative<Rejected>(body);
}

}  // namespace emostage::wire
