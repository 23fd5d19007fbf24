#include "core/admin/admin_server.hpp"
#include "tests/run_until.hpp"

#include <gtest/gtest.h>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <deque>
#include <nlohmann/json.hpp>

namespace emostage::admin {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdminServerTest : public testing::Test {
protected:
    AdminServerTest()
        : server_(std::make_unique<AdminServer>(
              loop_, [this](std::string_view method, std::string_view path) {
                  return page(method, path);
              })) {
        const auto opened = server_->open({"127.0.0.1", 0});
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        if (opened) address_ = *opened;
    }

    Page page(std::string_view method, std::string_view path) const {
        if (auto refused = refusal(method, path, {"/healthz", "/readyz", "/metrics"})) {
            return std::move(*refused);
        }
        if (path == "/metrics") return metrics_page("a_metric 0\n");
        if (path == "/readyz") return json_page(ready_ ? 200 : 503, {{"ready", ready_}});
        return json_page(200, {{"alive", true}});
    }

    // What comes back until the server hangs up.
    std::string exchange(const std::string& sent) {
        asio::ip::tcp::socket socket(loop_);
        socket.connect({asio::ip::make_address(address_.host), address_.port});
        asio::error_code ignored;
        asio::write(socket, asio::buffer(sent), ignored);
        std::string received;
        bool ended = false;
        asio::async_read(socket, asio::dynamic_buffer(received),
                         [&](const asio::error_code&, std::size_t) { ended = true; });
        EXPECT_TRUE(emostage::test::run_until(loop_, [&] { return ended; }))
            << "the server keeps a connection that should end";
        socket.close();
        loop_.restart();
        loop_.poll();
        return received;
    }
    std::string ask(const std::string& method, const std::string& target) {
        return exchange(method + " " + target +
                        " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    asio::io_context loop_;
    bool ready_ = false;
    std::unique_ptr<AdminServer> server_;
    config::Address address_;
};

TEST_F(AdminServerTest, AnswersProbes) {
    EXPECT_NE(address_.port, 0);
    const auto health = ask("GET", "/healthz");
    EXPECT_THAT(health, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(health, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(health, EndsWith("\r\n\r\n{\"alive\":true}\n"));
    EXPECT_THAT(ask("GET", "/readyz"), StartsWith("HTTP/1.1 503 "));
    ready_ = true;
    EXPECT_THAT(ask("GET", "/readyz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminServerTest, ServesPagesWithOrWithoutAQuery) {
    EXPECT_THAT(ask("GET", "/metrics?x=1"), EndsWith("\r\n\r\na_metric 0\n"));
    EXPECT_THAT(ask("GET", "/healthz?"), HasSubstr("\"alive\":true"));
}

TEST_F(AdminServerTest, AnswersHeadWithALengthAndNoBody) {
    const auto answer = ask("HEAD", "/healthz");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 15\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(AdminServerTest, RefusesOtherPathsAndMethodsInJson) {
    EXPECT_THAT(ask("GET", "/nothing"), StartsWith("HTTP/1.1 404 "));
    const auto posted = ask("POST", "/metrics");
    EXPECT_THAT(posted, StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(posted, HasSubstr("Allow: GET, HEAD\r\n"));
    EXPECT_THAT(posted, HasSubstr("\"code\":\"method_not_allowed\""));
}

TEST_F(AdminServerTest, HangsUpOnWhatIsTooLongOrNoHttp) {
    const std::string get = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
    for (const std::string& sent :
         {std::string("\x16\x03\x01 nonsense\r\n\r\n"), std::string("GET\r\n\r\n"),
          "GET /" + std::string(AdminServer::url_bytes_max + 1, 'a') + " HTTP/1.1\r\n\r\n",
          get + "X: " + std::string(AdminServer::header_bytes_max + 1, 'a') + "\r\n\r\n",
          get + "Content-Length: 2000\r\n\r\n" + std::string(2000, 'a')}) {
        EXPECT_THAT(exchange(sent), Not(StartsWith("HTTP/1.1 200")));
    }
    std::string many = get;
    for (std::size_t i = 0; i <= AdminServer::headers_max; ++i) many += "X-A: b\r\n";
    EXPECT_THAT(exchange(many + "\r\n"), Not(StartsWith("HTTP/1.1 200")));
    EXPECT_THAT(ask("GET", "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, HangsUpOnOneConnectionTooManyUntilTheSilentAreLetGo) {
    std::deque<asio::ip::tcp::socket> silent;
    for (std::size_t i = 0; i < AdminServer::connections_max; ++i) {
        silent.emplace_back(loop_).connect({asio::ip::make_address(address_.host), address_.port});
    }
    EXPECT_EQ(ask("GET", "/healthz"), "");
    const auto patience = std::chrono::steady_clock::now() + 2 * AdminServer::read_max;
    std::string answer;
    while (answer.empty() && std::chrono::steady_clock::now() < patience) {
        loop_.restart();
        loop_.run_for(100ms);
        answer = ask("GET", "/healthz");
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, MayGoWhileConnectionsAreOpen) {
    asio::ip::tcp::socket socket(loop_);
    socket.connect({asio::ip::make_address(address_.host), address_.port});
    asio::write(socket, asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")));
    loop_.restart();
    loop_.run_for(20ms);
    server_.reset();
    // The connection is the loop's, which goes after the server.
}

TEST_F(AdminServerTest, RefusesAPortThatIsTakenWithASentence) {
    AdminServer second(loop_, [](std::string_view, std::string_view) { return Page{}; });
    const auto opened = second.open(address_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::io);
    EXPECT_THAT(
        opened.error().message,
        StartsWith("cannot listen on " + config::to_string(address_) +
                   " for the admin pages: bind: Address already in use; stop what uses it"));
}

TEST_F(AdminServerTest, AnswersNobodyWhenItIsGone) {
    asio::ip::tcp::socket socket(loop_);
    socket.connect({asio::ip::make_address(address_.host), address_.port});
    loop_.restart();
    loop_.run_for(20ms);
    server_.reset();
    asio::write(socket, asio::buffer(std::string("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string received;
    asio::async_read(socket, asio::dynamic_buffer(received),
                     [](const asio::error_code&, std::size_t) {});
    loop_.restart();
    loop_.run_for(100ms);
    EXPECT_THAT(received, Not(HasSubstr("200")));
}

}  // namespace
}  // namespace emostage::admin
