// What a load and the processes under it came to, put into a row.
#pragma once

#include <string>
#include <unordered_map>

#include "bench/load/gateway_load.hpp"
#include "bench/load/meter.hpp"
#include "bench/load/row.hpp"
#include "bench/load/started_system.hpp"

namespace emostage::load {

// What each role had used at one moment, in seconds of a processor.
struct Snapshot {
    std::unordered_map<std::string, double> cpu_s;
    double own_s = 0, machine_s = 0;  // this process; all that ran on the machine

    double all() const;  // of ours
};
// `system` may be null: nothing was started here.
Snapshot snapshot(const StartedSystem* system);

// "overloaded 12, model_cut 1"
std::string codes_of(const Meter& meter);

// `window_s`: the time for which the load was at its full.
void put_meter(Row& row, const Meter& meter, double window_s);
void put_usage(Row& row, const StartedSystem& system, const Snapshot& before, const Snapshot& after,
               const Meter& meter);
// How long the model's server took to see those connections close.
void put_cancels(Row& row, const StartedSystem& system, const GatewayLoad& load);
// Of a system that had nothing to do for so long.
void put_idle(Row& row, const StartedSystem& system, const Snapshot& before, const Snapshot& after,
              Duration passed);

}  // namespace emostage::load
