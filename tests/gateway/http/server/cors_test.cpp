#include "gateway/http/server/cors.hpp"

#include <gtest/gtest.h>

#include "tests/gateway/http/server/recorded_outlet.hpp"

namespace emostage::http {
namespace {

using test::RecordedOutlet;

const std::vector<std::string> origins{"https://a.example"};

Request preflight(std::string_view origin, std::string_view headers) {
    Request request;
    request.method = "OPTIONS";
    request.fields = {{"Origin", origin},
                      {"Access-Control-Request-Method", "POST"},
                      {"Access-Control-Request-Headers", headers}};
    return request;
}

TEST(Cors, TellsAPreflightFromOtherRequests) {
    EXPECT_TRUE(is_preflight(preflight("https://a.example", "")));
    Request plain = preflight("https://a.example", "");
    plain.method = "POST";
    EXPECT_FALSE(is_preflight(plain));
    Request bare;
    bare.method = "OPTIONS";
    EXPECT_FALSE(is_preflight(bare));
}

TEST(Cors, AllowsWhatAListedOriginAsksFor) {
    RecordedOutlet outlet;
    EXPECT_EQ(answer_preflight(preflight("https://a.example", "content-type, x-a"), origins, "POST",
                               outlet),
              204);
    EXPECT_EQ(outlet.field("Access-Control-Allow-Methods"), "POST");
    EXPECT_EQ(outlet.field("Access-Control-Allow-Headers"), "content-type, x-a");
}

TEST(Cors, RefusesOthersAndWhatIsNoListOfFields) {
    for (const auto& request :
         {preflight("https://b.example", "x-a"), preflight("https://a.example.b", "x-a"),
          preflight("null", "x-a"), preflight("https://a.example", "x-a\r\nSet-Cookie: b"),
          preflight("https://a.example", std::string_view("x-a: b"))}) {
        RecordedOutlet outlet;
        EXPECT_EQ(answer_preflight(request, origins, "POST", outlet), 403);
        EXPECT_EQ(outlet.field("Access-Control-Allow-Methods"), "");
    }
}

TEST(Cors, KnowsTheNamesOfLoopback) {
    for (const char* own : {"localhost", "LOCALHOST:7780", "127.0.0.1", "127.0.0.1:80", "127.8.8.8",
                            "[::1]:80", "[::1]", "chat.example:80", "Chat.Example"}) {
        EXPECT_TRUE(is_own_host(own, {"chat.example"})) << own;
    }
    for (const char* other : {"", "evil.example", "localhost.evil.example", "128.0.0.1", "[::2]:80",
                              "[", "127.0.0.1.evil.example", ":80"}) {
        EXPECT_FALSE(is_own_host(other, {"chat.example"})) << other;
    }
}

}  // namespace
}  // namespace emostage::http
