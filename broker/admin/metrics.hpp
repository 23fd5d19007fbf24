// A report in Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Base units, counters end in `_total`, and every label has a closed set of values: nothing that a
// gateway or worker names becomes a label.
#pragma once

#include <string>

#include "broker/admin/report.hpp"

namespace emostage::broker {

std::string metrics_text(const Report& report);

}  // namespace emostage::broker
