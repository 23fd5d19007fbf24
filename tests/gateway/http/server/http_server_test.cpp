#include "gateway/http/server/http_server.hpp"
#include "tests/run_until.hpp"

#include <gtest/gtest.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <deque>
#include <functional>
#include <map>

namespace emostage::http {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Keeps what comes; a test answers by hand.
class Desk final : public Handler {
public:
    void on_request(const Request& request, std::unique_ptr<Outlet> outlet) override {
        targets.push_back(std::string(request.method) + " " + std::string(request.path) + " " +
                          std::string(request.query) + " " + std::string(request.body));
        connections.push_back(request.connection);
        outlets.push_back(std::move(outlet));
        if (on_asked) on_asked();
    }
    void on_closed(std::uint64_t connection) override { closed.push_back(connection); }

    std::function<void()> on_asked;
    std::vector<std::string> targets;
    std::vector<std::uint64_t> connections, closed;
    std::deque<std::unique_ptr<Outlet>> outlets;
};

class HttpServerTest : public testing::Test {
protected:
    HttpServerTest() { open(); }

    void open() {
        server_.reset();
        server_ = std::make_unique<HttpServer>(loop_, limits_, desk_);
        const auto opened = server_->open({"127.0.0.1", 0});
        ASSERT_TRUE(opened) << opened.error().message;
        port_ = opened->port;
    }
    tcp::socket connect() {
        tcp::socket socket(loop_);
        socket.connect({asio::ip::make_address("127.0.0.1"), port_});
        return socket;
    }
    tcp::socket ask(const std::string& sent) {
        auto socket = connect();
        asio::write(socket, asio::buffer(sent));
        return socket;
    }
    bool run_until(const std::function<bool()>& done) {
        return emostage::test::run_until(loop_, done);
    }
    bool asked(std::size_t count) {
        return run_until([&] { return desk_.targets.size() >= count; });
    }
    // What comes until the server hangs up, or `until` is in it; how it hung up is in error_.
    std::string read(tcp::socket& socket, const std::string& until = "") {
        std::string received;
        char buffer[4096];
        bool ended = false;
        std::function<void()> next = [&] {
            socket.async_read_some(
                asio::buffer(buffer), [&](const asio::error_code& error, std::size_t bytes) {
                    received.append(buffer, bytes);
                    error_ = error;
                    ended = error || (!until.empty() && received.find(until) != received.npos);
                    if (!ended) next();
                });
        };
        next();
        EXPECT_TRUE(run_until([&] { return ended; })) << received;
        return received;
    }

    const std::string get_ = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
    asio::io_context loop_;
    Desk desk_;
    ServerLimits limits_{1024, 256, 16, 8, 10s, 10s, 60s};
    std::unique_ptr<HttpServer> server_;
    std::uint16_t port_ = 0;
    asio::error_code error_;
};

TEST_F(HttpServerTest, GivesARequestAndItsAnswer) {
    auto client = ask("POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
    ASSERT_TRUE(asked(1));
    EXPECT_EQ(desk_.targets[0], "POST /a b=c body");
    desk_.outlets[0]->add_field("x-request-id", "r1");
    desk_.outlets[0]->answer({200}, "{}");
    const auto answer = read(client, "{}");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("x-request-id: r1\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Length: 2\r\n"));
}

TEST_F(HttpServerTest, StreamsInChunksAndSaysWhenEachIsWritten) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    int written = 0;
    Outlet& outlet = *desk_.outlets[0];
    outlet.on_written([&] { ++written; });
    outlet.begin({200, "text/event-stream"});
    outlet.write("hello");
    EXPECT_EQ(written, 0);
    ASSERT_TRUE(run_until([&] { return written == 1; }));
    outlet.end("0123456789abcdefg");
    const auto answer = read(client, "0\r\n\r\n");
    EXPECT_THAT(answer, EndsWith("\r\n\r\n5\r\nhello\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n"));
}

TEST_F(HttpServerTest, HearsAtOnceThatAClientHasGone) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    client.close();
    ASSERT_TRUE(run_until([&] { return !desk_.closed.empty(); }));
    EXPECT_EQ(desk_.closed, desk_.connections);
    EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(HttpServerTest, HearsThatAClientHasClosedItsSideOrWasReset) {
    auto half = ask(get_), reset = ask(get_);
    ASSERT_TRUE(asked(2));
    half.shutdown(tcp::socket::shutdown_send);
    ASSERT_TRUE(run_until([&] { return desk_.closed.size() == 1; }));
    reset.set_option(tcp::socket::linger(true, 0));
    reset.close();
    ASSERT_TRUE(run_until([&] { return desk_.closed.size() == 2; }));
}

TEST_F(HttpServerTest, CutsAnAnswerSoThatNobodyTakesItForWhole) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    desk_.outlets[0]->begin({200, "text/event-stream"});
    desk_.outlets[0]->write("hello");
    read(client, "hello");
    desk_.outlets[0]->cut();
    EXPECT_THAT(read(client), IsEmpty());
    EXPECT_TRUE(error_);
    EXPECT_TRUE(run_until([&] { return desk_.closed.size() == 1; }));
}

TEST_F(HttpServerTest, CutsWhatIsNotAnswered) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    desk_.outlets.clear();
    EXPECT_THAT(read(client), IsEmpty());
}

TEST_F(HttpServerTest, CutsAConnectionWithASecondRequestBehindAnOpenOne) {
    auto client = ask(get_ + get_);
    ASSERT_TRUE(asked(2));
    EXPECT_EQ(desk_.connections[0], desk_.connections[1]);
    desk_.outlets[0]->cut();
    desk_.outlets.clear();
    EXPECT_THAT(read(client), IsEmpty());
    EXPECT_TRUE(run_until([&] { return desk_.closed.size() == 1; }));
}

TEST_F(HttpServerTest, AnswersRequestsBehindOneAnotherInOrder) {
    desk_.on_asked = [this] {
        desk_.outlets.back()->answer({200}, std::to_string(desk_.targets.size()) + ";");
    };
    auto client = ask(get_ + get_ + get_);
    const auto answers = read(client, "3;");
    EXPECT_LT(answers.find("1;"), answers.find("2;"));
    EXPECT_LT(answers.find("2;"), answers.find("3;"));
}

TEST_F(HttpServerTest, ReadsOnThoughAnotherProtocolWasAskedFor) {
    auto client = ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
    ASSERT_TRUE(asked(1));
    client.close();
    EXPECT_TRUE(run_until([&] { return desk_.closed.size() == 1; }));
}

TEST_F(HttpServerTest, AnswersWhatItRefusesToRead) {
    const std::map<std::string, std::string> refused{
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'a'),
         "413"},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'a'),
         "413"},
        {"GET /" + std::string(300, 'a') + " HTTP/1.1\r\n\r\n", "414"},
        {"GET / HTTP/1.1\r\nX: " + std::string(300, 'a') + "\r\n\r\n", "431"},
        {"\x16\x03\x01 nonsense\r\n\r\n", "400"}};
    for (const auto& [sent, status] : refused) {
        auto client = ask(sent);
        const auto answer = read(client);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status + " "));
        EXPECT_THAT(answer, HasSubstr("{\"error\":"));
    }
    EXPECT_THAT(desk_.targets, IsEmpty());
}

TEST_F(HttpServerTest, DoesNotMixARefusalIntoAnAnswerThatIsOpen) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    desk_.outlets[0]->begin({200, "text/event-stream"});
    desk_.outlets[0]->write("hello");
    read(client, "hello");
    asio::write(client, asio::buffer(std::string("no http\r\n\r\n")));
    EXPECT_THAT(read(client), IsEmpty());
    EXPECT_TRUE(run_until([&] { return desk_.closed.size() == 1; }));
}

TEST_F(HttpServerTest, HangsUpOnOneConnectionTooMany) {
    std::deque<tcp::socket> open;
    for (std::size_t i = 0; i < limits_.connections; ++i) open.push_back(connect());
    ASSERT_TRUE(run_until([&] { return server_->connections() == limits_.connections; }));
    auto more = ask(get_);
    EXPECT_THAT(read(more), IsEmpty());
    open.pop_back();
    ASSERT_TRUE(run_until([&] { return server_->connections() < limits_.connections; }));
    auto again = ask(get_);
    EXPECT_TRUE(asked(1));
}

TEST_F(HttpServerTest, HangsUpOnWhoDoesNotFinishARequest) {
    limits_.read = 200ms;
    open();
    auto client = ask("GET / HTTP/1.1\r\nHost:");
    EXPECT_THAT(read(client), IsEmpty());
}

TEST_F(HttpServerTest, KeepsASilentStreamAndEndsOneWhoseReaderTakesNothing) {
    limits_.write = limits_.read = 200ms;
    open();
    auto silent = ask(get_), stuck = ask(get_);
    ASSERT_TRUE(asked(2));
    for (const auto& outlet : desk_.outlets) outlet->begin({200, "text/event-stream"});
    desk_.outlets[0]->write("hello");
    read(silent, "hello");
    desk_.outlets[1]->write(std::string(16 * 1024 * 1024, 'a'));  // more than the system takes
    ASSERT_TRUE(run_until([&] { return !desk_.closed.empty(); }));
    EXPECT_THAT(desk_.closed, ElementsAre(desk_.connections[1]));
    desk_.outlets[0]->end("bye");
    EXPECT_THAT(read(silent, "0\r\n\r\n"), HasSubstr("bye"));
}

TEST_F(HttpServerTest, CanGoWhileConnectionsAreOpen) {
    auto client = ask(get_);
    ASSERT_TRUE(asked(1));
    desk_.outlets.clear();
    server_.reset();
    read(client);
    EXPECT_THAT(desk_.closed, IsEmpty());
}

}  // namespace
}  // namespace emostage::http
