#include "bench/rehearsal/http_request.hpp"

namespace emostage::rehearsal {
namespace {

using State = HttpReader::State;

constexpr std::string_view post =
    "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Request-Id: r-1\r\n"
    "Content-Length: 5\r\n\r\nhello";

struct HttpReaderTest : testing::Test {
    Limits limits;
    HttpReader reader{limits};

    int refused(std::string_view bytes) {
        HttpReader fresh(limits);
        fresh.feed(bytes);
        EXPECT_EQ(fresh.state(), State::refused) << bytes;
        EXPECT_FALSE(fresh.refusal().message.empty());
        return fresh.refusal().status;
    }
};

TEST_F(HttpReaderTest, ARequestIsReadWhole) {
    EXPECT_EQ(reader.feed(post), post.size());
    ASSERT_EQ(reader.state(), State::complete);
    EXPECT_EQ(reader.request().method, "POST");
    EXPECT_EQ(reader.request().path, "/v1/chat/completions");
    EXPECT_EQ(reader.request().body, "hello");
    EXPECT_EQ(reader.request().request_id, "r-1");
    EXPECT_TRUE(reader.request().keep_alive);
    EXPECT_FALSE(reader.request().http_1_0);
}

TEST_F(HttpReaderTest, TheTraceIdIsTakenWhereItIsOne) {
    const auto trace = [this](const std::string& value) {
        HttpReader fresh(limits);
        fresh.feed("GET /stats HTTP/1.1\r\nHost: a\r\nTraceparent: " + value + "\r\n\r\n");
        EXPECT_EQ(fresh.state(), State::complete) << value;
        return fresh.request().trace;
    };
    const std::string id = "0af7651916cd43dd8448eb211c80319c";
    EXPECT_EQ(trace("00-" + id + "-b7ad6b7169203331-01"), id);
    EXPECT_EQ(trace("00-" + id + "-b7ad6b7169203331-0"), "");
    EXPECT_EQ(trace("00-" + id + "xb7ad6b7169203331-01"), "");
    EXPECT_EQ(trace("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), "");
    EXPECT_EQ(trace("anything"), "");
}

TEST_F(HttpReaderTest, AnySplitGivesTheSameRequest) {
    for (std::size_t at = 0; at <= post.size(); ++at) {
        HttpReader split(limits);
        EXPECT_EQ(split.feed(post.substr(0, at)), at);
        EXPECT_EQ(split.feed(post.substr(at)), post.size() - at);
        ASSERT_EQ(split.state(), State::complete) << at;
        EXPECT_EQ(split.request().body, "hello");
        EXPECT_EQ(split.request().request_id, "r-1");
    }
}

TEST_F(HttpReaderTest, ItStopsAtTheRequestsLastByte) {
    const std::string get = "GET /healthz HTTP/1.1\r\n\r\n";
    const std::string chunked =
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const std::string& request : {get, chunked, std::string(post)}) {
        reader.reset();
        EXPECT_EQ(reader.feed(request + get), request.size());
        ASSERT_EQ(reader.state(), State::complete);
        EXPECT_EQ(reader.feed(get), 0u) << "not before reset()";
        reader.reset();
        EXPECT_FALSE(reader.started());
        EXPECT_EQ(reader.feed(get), get.size());
        EXPECT_EQ(reader.request().path, "/healthz");
        EXPECT_EQ(reader.request().body, "");
        EXPECT_EQ(reader.request().request_id, "");
    }
}

TEST_F(HttpReaderTest, AChunkedBodyIsJoined) {
    reader.feed(
        "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    ASSERT_EQ(reader.state(), State::complete);
    EXPECT_EQ(reader.request().body, "abcde");
}

TEST_F(HttpReaderTest, AClientThatExpectsToContinueIsToldOnce) {
    reader.feed("POST /x HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(reader.state(), State::reading);
    EXPECT_TRUE(reader.take_continue());
    EXPECT_FALSE(reader.take_continue());
    reader.feed("ab");
    EXPECT_EQ(reader.state(), State::complete);
}

TEST_F(HttpReaderTest, AClientThatDidNotWaitIsNotToldToContinue) {
    reader.feed("POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\na");
    EXPECT_FALSE(reader.take_continue());
}

TEST_F(HttpReaderTest, OtherExpectationsAreRefused) {
    EXPECT_EQ(refused("POST /x HTTP/1.1\r\nExpect: wonders\r\nContent-Length: 2\r\n\r\n"), 417);
}

TEST_F(HttpReaderTest, WhatIsNotHttpIsRefused) {
    EXPECT_EQ(refused("hello\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/9.9\r\n\r\n"), 505);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nbad header\r\n\r\n"), 400);
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400);
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nContent-Length: 1\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n"),
              400);
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"), 400);
    EXPECT_EQ(refused("CONNECT a:1 HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refused(std::string_view("\0\0\0\0", 4)), 400);
}

TEST_F(HttpReaderTest, AHeadThatIsTooLongIsRefusedEvenWithoutAnEnd) {
    limits.head_bytes_max = 4096;
    const std::string many = "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x');
    EXPECT_EQ(refused(many), 431);
    HttpReader slow(limits);
    std::size_t fed = 0;
    while (slow.state() == State::reading && fed < many.size()) {
        fed += slow.feed(std::string_view(many).substr(fed, 1));
    }
    EXPECT_EQ(slow.refusal().status, 431);
    EXPECT_EQ(fed, 4097u);
}

TEST_F(HttpReaderTest, ABodyThatIsTooLongIsRefusedWhenItIsAnnouncedOrWhenItComes) {
    limits.body_bytes_max = 10;
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n"), 413);
    EXPECT_EQ(refused("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n"),
              413);
    HttpReader fits(limits);
    fits.feed("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789");
    EXPECT_EQ(fits.state(), State::complete);
}

TEST_F(HttpReaderTest, OnlyAPlainShortWordIsARequestId) {
    for (const std::string& id : {std::string("a b"), std::string("a\"b"), std::string(129, 'a')}) {
        HttpReader odd(limits);
        odd.feed("GET / HTTP/1.1\r\nX-Request-Id: " + id + "\r\n\r\n");
        EXPECT_EQ(odd.state(), State::complete);
        EXPECT_EQ(odd.request().request_id, "");
    }
}

TEST_F(HttpReaderTest, OldAndClosingClientsAreKnown) {
    reader.feed("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(reader.request().http_1_0);
    EXPECT_FALSE(reader.request().keep_alive);
    reader.reset();
    reader.feed("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_FALSE(reader.request().keep_alive);
}

}  // namespace
}  // namespace emostage::rehearsal
