// All that a broker knows. What has to survive it is in `turns` and `sessions` (with their logs and
// memories) and in the counters of TurnTable and LeaseTable; the rest follows from those.
#pragma once

#include <string>

#include "broker/admission.hpp"
#include "broker/broker.hpp"
#include "broker/config.hpp"
#include "broker/fair_queue.hpp"
#include "broker/fanout.hpp"
#include "broker/lease_table.hpp"
#include "broker/retention.hpp"
#include "broker/schedule.hpp"
#include "broker/session_table.hpp"
#include "broker/turn_table.hpp"
#include "broker/worker_table.hpp"

namespace emostage::broker {

struct State {
    State(Config config_in, std::string id_in, Outputs& outputs_in)
        : config(std::move(config_in)), id(std::move(id_in)), outputs(outputs_in) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    const Config config;
    const std::string id;
    Outputs& outputs;
    Counters counters;
    bool draining = false;

    TurnTable turns;
    SessionTable sessions{config};
    Schedule deadlines;  // of live turns
    Schedule waiting;    // queued turns by the time of their acceptance
    FairQueue queue;     // those of them that could run
    WorkerTable workers{config};
    LeaseTable leases{id};
    Admission admission{config};
    Retention retention{config};
    Fanout fanout{config, counters, outputs};
};

}  // namespace emostage::broker
