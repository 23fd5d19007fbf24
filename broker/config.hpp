// The broker's limits and times: every queue, buffer, retry and loop of its core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "schemas/limits.hpp"

namespace emostage::broker {

struct Config {
    wire::Limits limits;  // of what gateways send; told in `hello`

    std::string default_pipeline = "emostage";
    std::string alerts;  // gateway whose topic gets every `alert` too; empty: none

    // Admission
    std::size_t queued_turns_max = 100'000;
    std::size_t queued_turns_per_gateway_max = 50'000;
    std::size_t queued_turns_per_session_max = 64;
    std::size_t queued_bytes_max = 256u * 1024 * 1024;  // text and history of what waits or runs
    std::size_t queued_bytes_per_gateway_max = 128u * 1024 * 1024;
    milliseconds deadline_default{120'000};
    milliseconds retry_after_min{100}, retry_after_max{30'000};

    // Turns of the rotation that a gateway gets for one of a gateway that is not named here.
    static constexpr std::uint32_t gateway_weight_max = 100;
    static constexpr std::size_t gateway_weights_max = 1'000;
    std::map<std::string, std::uint32_t, std::less<>> gateway_weights;

    std::uint32_t weight_of(std::string_view gateway) const {
        const auto found = gateway_weights.find(gateway);
        return found == gateway_weights.end() ? 1 : found->second;
    }

    // Leases
    milliseconds beat{1'000};
    milliseconds lease{10'000};
    milliseconds reconnect{500};  // a worker whose connection is gone may take to come back
    milliseconds fence{7'000};    // a worker that is unconfirmed this long stops itself
    std::uint32_t attempts_max = 3;
    std::uint32_t resends_max = 3;   // asked for the same missing event of a lease; then it is lost
    std::uint32_t returns_free = 8;  // a turn handed back more often than this counts as attempted
    std::size_t workers_max = 1'024;
    std::uint32_t slots_max = 4'096;  // of one worker
    std::size_t pipelines_max = 256;  // announced by workers; and, apart from those, waited for
    std::size_t turn_log_bytes_max = 4u * 1024 * 1024;  // events of one turn, all attempts

    // Journal
    bool durable = false;  // changes go out as commits; else all counts as stored at once
    milliseconds commit_spacing{20};  // from one commit to the next, unless it is pressing
    std::size_t commit_share = 4;     // it is when of those that run one in so many waits for it
    milliseconds commit_lazy{1'000};  // what runs say is stored within this
    std::uint64_t reserved_numbers = 512;  // that a run may say before they are stored
    milliseconds commit_retry_min{100}, commit_retry_max{5'000};  // after one that was not stored
    milliseconds recovery_grace{2'000};  // after a start: for workers to come back to their turns

    // What is kept
    milliseconds retention{600'000};  // of an ended turn
    std::size_t kept_turns_max = 200'000;
    std::size_t kept_bytes_max = 512u * 1024 * 1024;
    milliseconds session_retention{24 * 3600 * 1000};
    std::size_t sessions_max = 200'000;
    std::size_t sessions_bytes_max = 512u * 1024 * 1024;
    std::size_t session_utterances_max = 200;  // newest kept
    std::size_t session_history_bytes_max = 64 * 1024;

    // Fan-out
    milliseconds beacon{1'000};
    milliseconds beacon_after_end{10'000};  // an ended turn stays in beacons this long
    std::size_t beacon_turns_max = 1'000;   // of one beacon event; more: several
    std::size_t askers_per_turn_max = 16;   // gateways that one turn is sent to
    std::size_t gateways_max = 10'000;
    std::size_t replay_delta_bytes = 16 * 1024;  // deltas are merged up to this in a replay
    std::size_t replay_bytes_per_second = 32u * 1024 * 1024;  // to one gateway
    std::size_t replay_burst_bytes = 8u * 1024 * 1024;        // and at once
    std::size_t replays_waiting_max = 1'000;                  // of one gateway
    milliseconds priority_step{5'000};  // one class of priority is worth this much waiting

    // Work of one call; what is left over is done by the next, and next_time() is then already
    // past.
    std::size_t tick_steps_max = 2'000;  // turns ended, forgotten, listed in a beacon; KiB replayed
    std::size_t grants_max = 64;         // leases
};

}  // namespace emostage::broker
