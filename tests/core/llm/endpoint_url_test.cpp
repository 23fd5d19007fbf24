#include "core/llm/endpoint_url.hpp"

#include <gtest/gtest.h>

namespace emostage::llm {
namespace {

TEST(EndpointUrl, TheChatPathIsAppendedOnce) {
    EXPECT_EQ(parse_endpoint_url("http://127.0.0.1:11434/v1")->chat,
              "http://127.0.0.1:11434/v1/chat/completions");
    EXPECT_EQ(parse_endpoint_url("https://api.example.com/v1/")->chat,
              "https://api.example.com/v1/chat/completions");
}

TEST(EndpointUrl, TheNameHasHostAndPortButNoUser) {
    EXPECT_EQ(parse_endpoint_url("https://u:secret@api.example.com/v1")->authority,
              "api.example.com:443");
    EXPECT_EQ(parse_endpoint_url("http://[::1]:8080")->authority, "[::1]:8080");
}

TEST(EndpointUrl, OtherSchemesAndNonsenseAreRefused) {
    for (const char* url :
         {"", "ftp://host/v1", "file:///etc/passwd", "localhost:8080/v1", "http://"}) {
        const auto parsed = parse_endpoint_url(url);
        ASSERT_FALSE(parsed) << url;
        EXPECT_EQ(parsed.error().code, Errc::config);
    }
}

TEST(EndpointUrl, TheOwnHostIsKnown) {
    for (const char* url : {"http://localhost:1/v1", "http://127.0.0.1/v1", "http://[::1]:9/"}) {
        EXPECT_TRUE(is_loopback(url)) << url;
    }
    for (const char* url : {"http://10.0.0.1/", "http://localhost.example.com/", "nonsense"}) {
        EXPECT_FALSE(is_loopback(url)) << url;
    }
}

}  // namespace
}  // namespace emostage::llm
