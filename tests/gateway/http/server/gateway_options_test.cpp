#include "gateway/http/server/gateway_options.hpp"

#include <gtest/gtest.h>

namespace emostage::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<config::Request> load(std::vector<std::string> arguments, GatewayOptions& into) {
    return load_gateway_options(
        arguments, [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
        into);
}

std::string problem(std::vector<std::string> arguments) {
    GatewayOptions options;
    const auto request = load(std::move(arguments), options);
    EXPECT_FALSE(request);
    return request ? "" : request.error().message;
}

// All values as text, in the order of their declaration.
std::string shown(GatewayOptions options) {
    config::Settings settings("x", "x");
    declare(settings, options);
    const auto help = settings.load({"--help"}, [](const auto&) { return std::nullopt; });
    return help ? help->text : "";
}

const std::string sample = EMOSTAGE_SOURCE_DIR "/ops/gateway.yaml";

TEST(GatewayOptions, OfTheSampleFileAreTheDefaults) {
    GatewayOptions options;
    const auto request = load({"--config", sample}, options);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(shown(options), shown(GatewayOptions{}));
    EXPECT_EQ(options.listen, (config::Address{"127.0.0.1", 7780}));
    EXPECT_TRUE(options.page.serve);
    EXPECT_EQ(options.limits.body_bytes, 1024u * 1024);
}

TEST(GatewayOptions, ListenToTheWorldOnlyWithKeys) {
    for (const char* address : {"0.0.0.0:80", "*:80", "192.0.2.1:80", "[::]:80"}) {
        EXPECT_THAT(problem({"--listen", address}), HasSubstr("no `keys` are asked for"))
            << address;
        GatewayOptions options;
        EXPECT_TRUE(load({"--listen", address, "--keys", "keys"}, options)) << address;
    }
    for (const char* address : {"127.0.0.1:0", "127.9.9.9:80", "[::1]:80", "localhost:80"}) {
        GatewayOptions options;
        EXPECT_TRUE(load({"--listen", address}, options)) << address;
    }
}

TEST(GatewayOptions, TakeOriginsAsBrowsersSendThem) {
    GatewayOptions options;
    ASSERT_TRUE(load({"--cors-origins", "https://a.example, http://localhost:3000"}, options));
    EXPECT_THAT(options.origins, ElementsAre("https://a.example", "http://localhost:3000"));
    for (const char* wrong : {"*", "a.example", "https://a.example/", "https://A.example",
                              "https://", "https://*.example"}) {
        EXPECT_THAT(problem({"--cors-origins", wrong}), HasSubstr("scheme://host")) << wrong;
    }
}

TEST(GatewayOptions, RefuseWhatIsNone) {
    EXPECT_THAT(problem({"--page-serve", "perhaps"}), HasSubstr("must be on or off"));
    EXPECT_THAT(problem({"--new-key", "a b"}), HasSubstr("A-Z a-z 0-9 _ -"));
    EXPECT_THAT(problem({"--gateway-name", "a b"}), HasSubstr("A-Z a-z 0-9"));
    EXPECT_THAT(problem({"--limits-streams", "0"}), HasSubstr("--limits-streams"));
    EXPECT_THAT(problem({"--help-lines-en", "a\x01"}), HasSubstr("control characters"));
    EXPECT_THAT(problem({"--help-lines-ja", std::string(1025, 'a')}), HasSubstr("longer than"));
}

}  // namespace
}  // namespace emostage::http
