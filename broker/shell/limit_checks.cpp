// The broker's limits against each other: each of these pairs, the wrong way round, would make
// a broker that starts well and fails later.
#include <algorithm>
#include <string>

#include "broker/shell/broker_options.hpp"
#include "schemas/limits.hpp"

namespace emostage::broker {
namespace {

// Names and structure of an `open` or `Lease` beside its texts; of one utterance.
constexpr std::uint64_t envelope_bytes = 16 * 1024;
constexpr std::uint64_t utterance_bytes = 32;

struct Limit {
    const char* key;
    std::uint64_t value;
};

std::uint64_t count(milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

class Checks {
public:
    explicit Checks(const config::Settings& settings) : settings_(settings) {}

    void at_most(Limit smaller, Limit greater, const char* why) {
        if (smaller.value > greater.value) refuse(smaller, "must not be more than", greater, why);
    }
    void less(Limit smaller, Limit greater, const char* why) {
        if (smaller.value >= greater.value) refuse(smaller, "must be less than", greater, why);
    }
    void differ(const char* first, const std::string& a, const char* second, const std::string& b) {
        const bool any_port = a.ends_with(":*") || a.ends_with(":0");
        if (a == b && !any_port) {
            problem(first, second,
                    std::string(first) + " and " + second + " are both " + a +
                        ": each socket needs an endpoint of its own");
        }
    }
    void hold(bool fine, const char* first, const char* second, const std::string& sentence) {
        if (!fine) problem(first, second, sentence);
    }
    Result<void> outcome() const { return outcome_; }

private:
    void refuse(Limit a, const char* relation, Limit b, const char* why) {
        problem(a.key, b.key,
                std::string(a.key) + " (" + std::to_string(a.value) + ") " + relation + " " +
                    b.key + " (" + std::to_string(b.value) + "): " + why);
    }
    void problem(const char* first, const char* second, const std::string& sentence) {
        if (!outcome_) return;
        const std::string& origin =
            settings_.origin(first).empty() ? settings_.origin(second) : settings_.origin(first);
        outcome_ = fail(Errc::config, (origin.empty() ? "" : origin + ": ") + sentence);
    }

    const config::Settings& settings_;
    Result<void> outcome_;
};

}  // namespace

Result<void> check_limits(const BrokerOptions& options, const config::Settings& settings) {
    const Config& core = options.core;
    const wire::Limits& limits = core.limits;
    Checks checks(settings);

    checks.less({"leases.fence_ms", count(core.fence)}, {"leases.lease_ms", count(core.lease)},
                "a worker must stop its turns before they are given to another");
    checks.hold(3 * core.beat < core.fence, "leases.beat_ms", "leases.fence_ms",
                "three times leases.beat_ms (" + std::to_string(core.beat.count()) +
                    ") must be less than leases.fence_ms (" + std::to_string(core.fence.count()) +
                    "): two lost beats must not stop a worker");

    checks.at_most({"queue.turns_per_gateway_max", core.queued_turns_per_gateway_max},
                   {"queue.turns_max", core.queued_turns_max},
                   "one gateway's share is a part of all");
    checks.at_most({"queue.turns_per_session_max", core.queued_turns_per_session_max},
                   {"queue.turns_per_gateway_max", core.queued_turns_per_gateway_max},
                   "a session's turns come from gateways");
    checks.at_most({"queue.retry_after_min_ms", count(core.retry_after_min)},
                   {"queue.retry_after_max_ms", count(core.retry_after_max)},
                   "the shortest cannot be longer than the longest");
    checks.at_most({"queue.deadline_default_ms", count(core.deadline_default)},
                   {"limits.deadline_ms", limits.deadline_ms},
                   "the default is one of the deadlines that may be asked for");
    checks.at_most({"queue.bytes_per_gateway_max", core.queued_bytes_per_gateway_max},
                   {"queue.bytes_max", core.queued_bytes_max},
                   "one gateway's share is a part of all");
    checks.at_most({"limits.text_bytes", limits.text_bytes},
                   {"queue.bytes_per_gateway_max", core.queued_bytes_per_gateway_max},
                   "the longest turn must fit its gateway's share of the queue");
    checks.at_most({"limits.history_bytes", limits.history_bytes},
                   {"queue.bytes_per_gateway_max", core.queued_bytes_per_gateway_max},
                   "the longest turn must fit its gateway's share of the queue");

    const std::uint64_t history_bytes =
        std::max<std::uint64_t>(limits.history_bytes, core.session_history_bytes_max);
    const std::uint64_t utterances =
        std::max<std::uint64_t>(limits.history_utterances, core.session_utterances_max);
    const std::uint64_t turn_bytes = limits.text_bytes + history_bytes +
                                     utterances * utterance_bytes + wire::state_bytes_max +
                                     envelope_bytes;
    checks.hold(turn_bytes <= wire::message_bytes_max, "limits.history_bytes", "limits.text_bytes",
                "a turn of limits.text_bytes and the longest history would be a message of " +
                    std::to_string(turn_bytes) + " bytes: more than the " +
                    std::to_string(wire::message_bytes_max) + " that any socket takes");

    checks.at_most({"limits.reply_bytes", limits.reply_bytes},
                   {"retention.turn_bytes_max", core.turn_log_bytes_max},
                   "the longest reply must fit into what is kept of a turn");
    checks.at_most({"retention.turn_bytes_max", core.turn_log_bytes_max},
                   {"retention.bytes_max", core.kept_bytes_max},
                   "the longest turn must fit into what is kept of all");
    checks.at_most({"retention.session_history_bytes_max", core.session_history_bytes_max},
                   {"retention.sessions_bytes_max", core.sessions_bytes_max},
                   "the longest session must fit into what is kept of all");

    checks.at_most({"fanout.beacon_after_end_ms", count(core.beacon_after_end)},
                   {"retention.turn_ms", count(core.retention)},
                   "a beacon must not name a turn that can no longer be resumed");

    checks.differ("commands", options.commands, "events", options.events);
    checks.differ("commands", options.commands, "workers", options.workers);
    checks.differ("events", options.events, "workers", options.workers);
    return checks.outcome();
}

}  // namespace emostage::broker
