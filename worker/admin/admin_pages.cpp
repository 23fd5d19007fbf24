#include "worker/admin/admin_pages.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "worker/admin/metrics.hpp"

namespace emostage::worker {
namespace {

using admin::json_page;

admin::Page ready_page(const Report& report) {
    if (report.all.draining) {
        return json_page(503, {{"ready", false}, {"reason", "the worker is draining"}});
    }
    if (report.registered == 0) {
        return json_page(503, {{"ready", false}, {"reason", "the broker has not been reached"}});
    }
    return json_page(200, {{"ready", true},
                           {"worker", report.worker},
                           {"slots", report.all.slots},
                           {"running", report.all.running}});
}

}  // namespace

admin::Page admin_page(std::string_view method, std::string_view path,
                       const TakeReport& take_report) {
    if (auto refused = admin::refusal(method, path, {"/healthz", "/readyz", "/metrics"})) {
        return std::move(*refused);
    }
    if (path == "/healthz") return json_page(200, {{"alive", true}});
    const Report report = take_report();
    if (path == "/readyz") return ready_page(report);
    return admin::metrics_page(metrics_text(report));
}

}  // namespace emostage::worker
