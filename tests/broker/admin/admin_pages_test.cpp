#include "broker/admin/admin_pages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace emostage::broker {
namespace {

using nlohmann::json;

struct Asked {
    admin::Page page;
    json body;
};

Asked ask(const std::string& path, const Report& report = {}, const std::string& method = "GET") {
    Asked asked;
    asked.page = admin_page(method, path, [&] { return report; });
    asked.body = json::parse(asked.page.body, nullptr, false);
    return asked;
}

Report with_workers(std::vector<WorkerView> workers) {
    Report report;
    report.core.workers = std::move(workers);
    return report;
}

TEST(AdminPages, SayThatTheBrokerIsAlive) {
    const auto asked = ask("/healthz");
    EXPECT_EQ(asked.page.status, 200);
    EXPECT_EQ(asked.page.type, "application/json");
    EXPECT_EQ(asked.body["alive"], true);
}

TEST(AdminPages, SayThatItIsReadyWithAWorkerThatTakesTurns) {
    const auto asked = ask("/readyz", with_workers({{"w1", 8, 2, false}, {"w2", 8, 0, true}}));
    EXPECT_EQ(asked.page.status, 200);
    EXPECT_EQ(asked.body["workers"], 1);
}

TEST(AdminPages, SayWhyItIsNotReady) {
    const auto none = ask("/readyz");
    EXPECT_EQ(none.page.status, 503);
    EXPECT_EQ(none.body["reason"], "no worker is registered");

    const auto leaving = ask("/readyz", with_workers({{"w1", 8, 0, true}}));
    EXPECT_EQ(leaving.page.status, 503);
    EXPECT_EQ(leaving.body["reason"], "every worker is draining");

    Report report = with_workers({{"w1", 8, 0, false}});
    report.core.draining = true;
    const auto draining = ask("/readyz", report);
    EXPECT_EQ(draining.page.status, 503);
    EXPECT_EQ(draining.body["reason"], "the broker is draining");
    report.core.draining = false;
    report.core.takes_turns = false;
    const auto full = ask("/readyz", report);
    EXPECT_EQ(full.page.status, 503);
    EXPECT_EQ(full.body["reason"], "the state cannot be stored");
}

TEST(AdminPages, ShowTheQueueForAnAutoscaler) {
    Report report = with_workers({{"w1", 8, 3, false}, {"w2", 4, 1, true}});
    report.core.queued = 12;
    report.core.running = 4;
    report.core.oldest_queued_ms = 1500;
    report.core.queued_by_gateway = {{"small", 2}, {"large", 10}};
    const auto body = ask("/queue", report).body;
    EXPECT_EQ(body["waiting"], 12);
    EXPECT_EQ(body["running"], 4);
    EXPECT_EQ(body["oldest_waiting_ms"], 1500);
    EXPECT_EQ(body["workers"], 1);
    EXPECT_EQ(body["workers_draining"], 1);
    EXPECT_EQ(body["slots"], 8) << "a draining worker has none to give";
    EXPECT_EQ(body["slots_used"], 4);
    EXPECT_EQ(body["draining"], false);
    EXPECT_EQ(body["waiting_by_gateway"], (json{{"large", 10}, {"small", 2}}));
    EXPECT_EQ(body["gateways_not_shown"], 0);
}

TEST(AdminPages, ListTheWorkersWithTheirOwnPages) {
    const auto body =
        ask("/workers", with_workers({{"w1", 8, 3, false, "127.0.0.1:7721"}, {"w2", 4, 1, true}}))
            .body;
    EXPECT_EQ(body, (json{{"workers",
                           {{{"worker", "w1"},
                             {"slots", 8},
                             {"running", 3},
                             {"draining", false},
                             {"admin", "127.0.0.1:7721"}},
                            {{"worker", "w2"},
                             {"slots", 4},
                             {"running", 1},
                             {"draining", true},
                             {"admin", ""}}}}}));
    EXPECT_EQ(ask("/workers").body, (json{{"workers", json::array()}}));
}

TEST(AdminPages, AreTargetsForPrometheusEachAddressOnce) {
    const auto asked = ask("/targets", with_workers({{"w1", 8, 0, false, "127.0.0.1:7721"},
                                                     {"w1", 8, 0, false, "127.0.0.1:7721"},
                                                     {"w2", 4, 0, false}}));
    EXPECT_EQ(asked.page.type, "application/json");
    EXPECT_EQ(asked.body, (json::array({{{"targets", json::array({"127.0.0.1:7721"})},
                                         {"labels", {{"worker", "w1"}}}}})));
    EXPECT_EQ(ask("/targets").body, json::array()) << "an empty list, which is one";
}

TEST(AdminPages, ShowTheLongestQueuesOfManyGateways) {
    Report report;
    for (std::uint64_t i = 1; i <= gateways_shown_max + 5; ++i) {
        report.core.queued_by_gateway.emplace_back("g" + std::to_string(i), i);
    }
    const auto body = ask("/queue", report).body;
    EXPECT_EQ(body["waiting_by_gateway"].size(), gateways_shown_max);
    EXPECT_EQ(body["gateways_not_shown"], 5);
    EXPECT_TRUE(body["waiting_by_gateway"].contains("g105"));
    EXPECT_FALSE(body["waiting_by_gateway"].contains("g5"));
}

TEST(AdminPages, ServeMetricsAsPrometheusReadsThem) {
    const auto page = ask("/metrics").page;
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(page.body, testing::HasSubstr("emostage_turns_waiting 0\n"));
}

TEST(AdminPages, KnowNoOther) {
    for (const auto* path : {"/", "", "/metrics/", "/Healthz", "/../etc/passwd", "/queue%00"}) {
        const auto asked = ask(path);
        EXPECT_EQ(asked.page.status, 404) << path;
        EXPECT_EQ(asked.body["error"]["code"], "not_found");
    }
}

TEST(AdminPages, AreOnlyRead) {
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        const auto asked = ask("/queue", {}, method);
        EXPECT_EQ(asked.page.status, 405) << method;
        EXPECT_TRUE(asked.page.allows_get_only);
        EXPECT_EQ(asked.body["error"]["code"], "method_not_allowed");
    }
    EXPECT_EQ(ask("/queue", {}, "HEAD").page.status, 200);
}

TEST(AdminPages, TakeNoReportWhereNoneIsShown) {
    for (const auto* path : {"/healthz", "/nothing"}) {
        admin_page("GET", path, []() -> Report {
            ADD_FAILURE() << "a probe costs nothing";
            return {};
        });
    }
}

}  // namespace
}  // namespace emostage::broker
