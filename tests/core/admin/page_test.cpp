#include "core/admin/page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace emostage::admin {
namespace {

TEST(Page, IsRefusedWhereThereIsNoSuchPathAndSaysWhatThereIs) {
    const auto refused = refusal("GET", "/nothing", {"/healthz", "/readyz", "/metrics"});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 404);
    EXPECT_EQ(refused->body,
              "{\"error\":{\"code\":\"not_found\",\"message\":\"there are /healthz, /readyz and "
              "/metrics\"}}\n");
    EXPECT_FALSE(refused->allows_get_only);
}

TEST(Page, IsOnlyRead) {
    for (const auto* method : {"POST", "PUT", "DELETE", "get", ""}) {
        const auto refused = refusal(method, "/healthz", {"/healthz"});
        ASSERT_TRUE(refused) << method;
        EXPECT_EQ(refused->status, 405);
        EXPECT_TRUE(refused->allows_get_only);
    }
    EXPECT_FALSE(refusal("GET", "/healthz", {"/healthz"}));
    EXPECT_FALSE(refusal("HEAD", "/healthz", {"/healthz"}));
}

TEST(Page, HoldsJsonOnOneLineWhateverBytesItIsGiven) {
    const auto page = json_page(503, {{"reason", "\xff"}});
    EXPECT_EQ(page.status, 503);
    EXPECT_EQ(page.type, "application/json");
    EXPECT_EQ(page.body, "{\"reason\":\"\xEF\xBF\xBD\"}\n");
}

TEST(Page, OfMetricsHasTheTypeThatPrometheusWants) {
    EXPECT_EQ(metrics_page("a 1\n").type, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace emostage::admin
