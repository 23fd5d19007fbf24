// All that a broker knows. What has to survive it, `turns` and `sessions` with their logs, memories
// and leases, the ledger sees to; the rest follows from those.
#pragma once

#include <string>

#include "broker/admission.hpp"
#include "broker/broker.hpp"
#include "broker/config.hpp"
#include "broker/fair_queue.hpp"
#include "broker/fanout.hpp"
#include "broker/lease_table.hpp"
#include "broker/ledger.hpp"
#include "broker/meters.hpp"
#include "broker/replay_queue.hpp"
#include "broker/retention.hpp"
#include "broker/schedule.hpp"
#include "broker/session_table.hpp"
#include "broker/turn_table.hpp"
#include "broker/worker_table.hpp"

namespace emostage::broker {

struct State {
    State(Config config_in, std::string id_in, std::uint64_t start, Outputs& outputs_in)
        : config(std::move(config_in)),
          id(std::move(id_in)),
          outputs(outputs_in),
          leases(id, start),
          welcomes(start << 32) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // By its id. A former start's has its events unpacked for it: most of those nobody asks for,
    // and a start is not to wait for them.
    Turn* find(const std::string& id, Now now);

    // One that is awaited has no route yet: what it is to know it is told when it comes.
    void send(const Worker& worker, const wire::ToWorker& message) {
        if (!worker.awaited_until) outputs.send(worker.route, message);
    }

    // To all who listen for it: what workers serve.
    void tell_pipelines(Now now);

    const Config config;
    const std::string id;
    Outputs& outputs;
    Counters counters;
    Meters meters;
    bool draining = false;
    bool tells_pipelines = false;  // somebody listens

    Ledger ledger{config, counters, meters};
    TurnTable turns;
    SessionTable sessions{config, ledger};
    Schedule deadlines;       // of live turns
    Schedule waiting;         // queued turns by the time of their acceptance
    FairQueue queue{config};  // those of them that could run
    WorkerTable workers{config};
    LeaseTable leases;
    std::uint64_t welcomes;  // sent, over all starts
    Admission admission{config};
    Retention retention{config};
    Fanout fanout{config, counters, outputs};
    ReplayQueue replays{config};
};

}  // namespace emostage::broker
