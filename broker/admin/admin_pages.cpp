#include "broker/admin/admin_pages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "broker/admin/metrics.hpp"

namespace emostage::broker {
namespace {

using nlohmann::ordered_json;

Page json_page(int status, const ordered_json& object) {
    // Names come from checked ids; `replace` keeps a defect elsewhere from becoming an exception.
    return {status, "application/json",
            object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"};
}

Page error_page(int status, const char* code, const std::string& message) {
    return json_page(status, {{"error", {{"code", code}, {"message", message}}}});
}

struct Credit {
    std::size_t ready = 0, draining = 0;
    std::uint64_t slots = 0, used = 0;
};

Credit credit_of(const Snapshot& core) {
    Credit credit;
    for (const WorkerView& worker : core.workers) {
        worker.draining ? ++credit.draining : ++credit.ready;
        credit.slots += worker.draining ? 0 : worker.slots;
        credit.used += worker.running;
    }
    return credit;
}

Page ready_page(const Report& report) {
    if (report.core.draining) {
        return json_page(503, {{"ready", false}, {"reason", "the broker is draining"}});
    }
    if (!report.core.takes_turns) {
        return json_page(503, {{"ready", false}, {"reason", "the state cannot be stored"}});
    }
    const Credit credit = credit_of(report.core);
    if (credit.ready == 0) {
        const char* reason =
            credit.draining == 0 ? "no worker is registered" : "every worker is draining";
        return json_page(503, {{"ready", false}, {"reason", reason}});
    }
    return json_page(200, {{"ready", true}, {"workers", credit.ready}});
}

Page queue_page(const Report& report) {
    auto gateways = report.core.queued_by_gateway;
    const std::size_t shown = std::min(gateways.size(), gateways_shown_max);
    std::partial_sort(gateways.begin(), gateways.begin() + static_cast<std::ptrdiff_t>(shown),
                      gateways.end(), [](const auto& a, const auto& b) {
                          return a.second != b.second ? a.second > b.second : a.first < b.first;
                      });
    ordered_json by_gateway = ordered_json::object();
    for (std::size_t i = 0; i < shown; ++i) by_gateway[gateways[i].first] = gateways[i].second;
    const Credit credit = credit_of(report.core);
    return json_page(200, {{"waiting", report.core.queued},
                           {"running", report.core.running},
                           {"oldest_waiting_ms", report.core.oldest_queued_ms},
                           {"workers", credit.ready},
                           {"workers_draining", credit.draining},
                           {"slots", credit.slots},
                           {"slots_used", credit.used},
                           {"draining", report.core.draining},
                           {"waiting_by_gateway", by_gateway},
                           {"gateways_not_shown", gateways.size() - shown}});
}

}  // namespace

Page admin_page(std::string_view method, std::string_view path, const TakeReport& take_report) {
    const bool known =
        path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/queue";
    if (!known) {
        return error_page(404, "not_found", "there are /healthz, /readyz, /metrics and /queue");
    }
    if (method != "GET" && method != "HEAD") {
        Page page = error_page(405, "method_not_allowed", "only GET and HEAD");
        page.allows_get_only = true;
        return page;
    }
    if (path == "/healthz") return json_page(200, {{"alive", true}});
    const Report report = take_report();
    if (path == "/readyz") return ready_page(report);
    if (path == "/queue") return queue_page(report);
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(report)};
}

}  // namespace emostage::broker
