// A worker's report in Prometheus' text format.
//
// What OpenTelemetry's conventions for generative AI have a name for bears that name, spelt as
// Prometheus spells it; the rest is `emostage_worker_…`. Labels: pipelines, stages and endpoints as
// the worker's files name them, codes of ours; nothing that a client names.
// https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
#pragma once

#include <string>

#include "worker/admin/report.hpp"

namespace emostage::worker {

std::string metrics_text(const Report& report);

}  // namespace emostage::worker
