// The admin pages: /healthz, /readyz, /metrics, /queue; everything else is an error in JSON.
//
// Pure functions of a report; no HTTP library.
#pragma once

#include <string>
#include <string_view>

#include "broker/admin/report.hpp"

namespace emostage::broker {

struct Page {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    bool allows_get_only = false;  // 405: say so in `Allow`
};

inline constexpr std::size_t gateways_shown_max = 100;  // in /queue, the longest queues first

// `path` without a query. Takes a report only for pages that show one.
Page admin_page(std::string_view method, std::string_view path, const TakeReport& take_report);

}  // namespace emostage::broker
