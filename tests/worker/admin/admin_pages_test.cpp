#include "worker/admin/admin_pages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace emostage::worker {
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

TEST(WorkerPages, SayThatTheWorkerIsAliveWithoutAskingItsShards) {
    const auto page = admin_page("GET", "/healthz", []() -> Report {
        ADD_FAILURE() << "a probe costs nothing";
        return {};
    });
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.body, "{\"alive\":true}\n");
}

TEST(WorkerPages, SayThatItIsReadyOnceTheBrokerKnowsIt) {
    Report report;
    report.worker = "w1";
    report.shards = 2;
    const auto alone = ask("/readyz", report);
    EXPECT_EQ(alone.page.status, 503);
    EXPECT_EQ(alone.body["reason"], "the broker has not been reached");

    report.registered = 1;
    report.all.slots = 8;
    report.all.running = 3;
    const auto ready = ask("/readyz", report);
    EXPECT_EQ(ready.page.status, 200);
    EXPECT_EQ(ready.body, (json{{"ready", true}, {"worker", "w1"}, {"slots", 8}, {"running", 3}}));

    report.all.draining = true;
    EXPECT_EQ(ask("/readyz", report).body["reason"], "the worker is draining");
}

TEST(WorkerPages, ServeMetricsAndKnowNoOther) {
    EXPECT_EQ(ask("/metrics").page.type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(ask("/queue").page.status, 404);
    EXPECT_EQ(ask("/metrics", {}, "POST").page.status, 405);
}

}  // namespace
}  // namespace emostage::worker
