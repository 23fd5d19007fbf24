#include "broker/admin/admin_pages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "broker/admin/metrics.hpp"

namespace emostage::broker {
namespace {

using admin::json_page;
using admin::Page;
using nlohmann::ordered_json;

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

// A worker of several shards is registered as often, with one address.
Page workers_page(const Report& report) {
    ordered_json workers = ordered_json::array();
    for (const WorkerView& worker : report.core.workers) {
        workers.push_back({{"worker", worker.worker},
                           {"slots", worker.slots},
                           {"running", worker.running},
                           {"draining", worker.draining},
                           {"admin", worker.admin}});
    }
    return json_page(200, {{"workers", workers}});
}

Page targets_page(const Report& report) {
    std::set<std::string> seen;
    ordered_json groups = ordered_json::array();
    for (const WorkerView& worker : report.core.workers) {
        if (worker.admin.empty() || !seen.insert(worker.admin).second) continue;
        groups.push_back({{"targets", ordered_json::array({worker.admin})},
                          {"labels", {{"worker", worker.worker}}}});
    }
    return json_page(200, groups);
}

}  // namespace

Page admin_page(std::string_view method, std::string_view path, const TakeReport& take_report) {
    if (auto refused = admin::refusal(
            method, path, {"/healthz", "/readyz", "/metrics", "/queue", "/workers", "/targets"})) {
        return std::move(*refused);
    }
    if (path == "/healthz") return json_page(200, {{"alive", true}});
    const Report report = take_report();
    if (path == "/readyz") return ready_page(report);
    if (path == "/queue") return queue_page(report);
    if (path == "/workers") return workers_page(report);
    if (path == "/targets") return targets_page(report);
    return admin::metrics_page(metrics_text(report));
}

}  // namespace emostage::broker
