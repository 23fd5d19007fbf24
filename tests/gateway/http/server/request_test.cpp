#include "gateway/http/server/request.hpp"

#include <gtest/gtest.h>

#include "gateway/http/server/response_head.hpp"
#include "gateway/http/server/routes.hpp"

namespace emostage::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Request, FindsAFieldWhateverTheCaseOfItsName) {
    Request request;
    request.fields = {{"Host", "a"}, {"X-Session-ID", "b"}, {"x-session-id", "c"}};
    EXPECT_EQ(request.field("x-session-id"), "b");
    EXPECT_EQ(request.field("content-type"), "");
}

TEST(Request, DecodesAQuerysValues) {
    std::string value;
    EXPECT_TRUE(query_value("stream=true&starting_after=7", "starting_after", value));
    EXPECT_EQ(value, "7");
    EXPECT_TRUE(query_value("a&b=%E3%81%82%3d", "b", value));
    EXPECT_EQ(value, "あ=");
    EXPECT_TRUE(query_value("a&b=", "a", value));
    EXPECT_EQ(value, "");
    EXPECT_FALSE(query_value("after=1", "afte", value));
    EXPECT_FALSE(query_value("", "after", value));
    for (const char* wrong : {"b=%", "b=%4", "b=%4g", "b=%%"}) {
        EXPECT_FALSE(query_value(wrong, "b", value)) << wrong;
    }
}

TEST(Routes, KnowThePathsOfTheContract) {
    EXPECT_EQ(match("/").route, Route::page);
    EXPECT_EQ(match("/").id, "index.html");
    EXPECT_EQ(match("/page.css").id, "page.css");
    EXPECT_EQ(match("/page.json").route, Route::page_json);
    EXPECT_EQ(match("/healthz").route, Route::health);
    EXPECT_EQ(match("/v1/chat/completions").route, Route::chat);
    EXPECT_EQ(match("/v1/models/emostage").id, "emostage");
    EXPECT_EQ(match("/v1/responses/resp_a/cancel").route, Route::response_cancel);
    EXPECT_EQ(match("/v1/responses/resp_a/cancel").id, "resp_a");
    EXPECT_EQ(match("/v1/responses/resp_a").route, Route::response);
    EXPECT_EQ(match("/v1/turns/a%3Ab/events").id, "a:b");
    EXPECT_EQ(match("/v1/turns/t1").route, Route::turn);
}

TEST(Routes, KnowNoOthers) {
    for (const char* path : {"", "/v1", "/v1/", "/v1/turns/", "/v1/turns//events", "/v2/models",
                             "/v1/turns/a/b/events", "/v1/turns/a%2", "/page/x.css", "healthz"}) {
        EXPECT_EQ(match(path).route, Route::none) << path;
    }
    EXPECT_TRUE(under_v1("/v1/nothing"));
    EXPECT_FALSE(under_v1("/v10"));
}

TEST(Routes, TakeTheMethodsThatTheySay) {
    EXPECT_TRUE(takes(Route::turn, "DELETE"));
    EXPECT_TRUE(takes(Route::turn, "GET"));
    EXPECT_FALSE(takes(Route::turn, "POST"));
    EXPECT_FALSE(takes(Route::turn, ""));
    EXPECT_FALSE(takes(Route::turn, "GET, DELETE"));
    EXPECT_TRUE(takes(Route::metrics, "HEAD"));
    EXPECT_FALSE(takes(Route::chat, "GET"));
    EXPECT_FALSE(takes(Route::none, "GET"));
}

TEST(ResponseHead, HasALengthOrChunksAndNeitherWhereThereIsNoBody) {
    EXPECT_THAT(response_head({200}, {}, 5, true), HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_THAT(response_head({200}, {}, std::nullopt, true),
                HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    const auto none = response_head({204, ""}, {{"x-request-id", "a"}}, 0, false);
    EXPECT_THAT(none, Not(HasSubstr("\r\nContent-Length")));
    EXPECT_THAT(none, Not(HasSubstr("\r\nContent-Type")));
    EXPECT_THAT(none, HasSubstr("HTTP/1.1 204 No Content\r\n"));
    EXPECT_THAT(none, HasSubstr("\r\nx-request-id: a\r\n\r\n"));
    EXPECT_THAT(none, HasSubstr("\r\nConnection: close\r\n"));
}

}  // namespace
}  // namespace emostage::http
