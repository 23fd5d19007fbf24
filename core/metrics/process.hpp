// What runs, and what the process itself costs: the latter under the names that every Prometheus
// client library uses. https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
#pragma once

#include "core/metrics/families.hpp"

namespace emostage::metrics {

// emostage_build_info.
void add_build(Families& families);

// process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds, process_max_fds,
// process_start_time_seconds. What the system does not tell is left out. Reads /proc: for a page,
// not for a loop.
void add_process(Families& families);

}  // namespace emostage::metrics
