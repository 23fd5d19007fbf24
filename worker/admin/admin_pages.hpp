// A worker's admin pages: /healthz, /readyz, /metrics; everything else is an error in JSON.
//
// Pure functions of a report; no HTTP library.
#pragma once

#include <string_view>

#include "core/admin/page.hpp"
#include "worker/admin/report.hpp"

namespace emostage::worker {

// `path` without a query. Takes a report only for pages that show one.
admin::Page admin_page(std::string_view method, std::string_view path,
                       const TakeReport& take_report);

}  // namespace emostage::worker
