// The admin pages: /healthz, /readyz, /metrics, /queue, /workers, /targets; everything else is an
// error in JSON.
//
// /targets lists the workers' own admin pages as Prometheus' HTTP service discovery wants them.
// https://prometheus.io/docs/prometheus/latest/http_sd/
//
// Pure functions of a report; no HTTP library.
#pragma once

#include <string_view>

#include "broker/admin/report.hpp"
#include "core/admin/page.hpp"

namespace emostage::broker {

inline constexpr std::size_t gateways_shown_max = 100;  // in /queue, the longest queues first

// `path` without a query. Takes a report only for pages that show one.
admin::Page admin_page(std::string_view method, std::string_view path,
                       const TakeReport& take_report);

}  // namespace emostage::broker
