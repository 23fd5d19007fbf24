// An HTTP/1.1 server on loopback that answers as a test tells it to, byte by byte.
//
// On the test's own loop: one thread. The script gets every request together with its connection.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"

namespace emostage::test {

struct HttpRequest {
    std::string target;
    std::string head;  // all header lines
    std::string body;
    int connection = 0;  // the number of the connection that it came on, from 1
    int number = 0;      // of all requests, from 1
};

class HttpConnection;
using Connection = std::shared_ptr<HttpConnection>;
using Script = std::function<void(const HttpRequest&, Connection)>;

class ScriptedServer {
public:
    ScriptedServer(asio::io_context& loop, Script script, std::uint16_t port = 0);
    ~ScriptedServer();

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    int connections() const { return connections_; }
    int requests() const { return requests_; }
    int closed_by_peer() const { return closed_by_peer_; }

    Script script;

private:
    friend class HttpConnection;
    void accept();

    asio::ip::tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    int connections_ = 0;
    int requests_ = 0;
    int closed_by_peer_ = 0;
    std::vector<std::weak_ptr<HttpConnection>> open_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(asio::ip::tcp::socket socket, ScriptedServer& server, int number);

    void read();
    void send(std::string bytes);  // raw
    void close();                  // after what was sent; FIN
    void reset();                  // RST
    void after(milliseconds delay, std::function<void()> action);

    // HTTP around it.
    void respond(int status, const std::string& body, const std::string& headers = "");
    void begin_stream();                // 200, chunked
    void event(std::string_view data);  // one chunk: data: …
    void content(std::string_view json_text);
    void finish(std::string_view reason = "stop");
    void end_stream();  // [DONE] and the last chunk

    bool gone() const { return gone_; }  // the peer has closed

private:
    friend class ScriptedServer;
    void write();
    bool take_request();

    asio::ip::tcp::socket socket_;
    ScriptedServer* server_;
    int number_;
    std::string in_;
    std::string out_;
    std::string writing_;
    bool is_writing_ = false;
    bool close_after_ = false;
    bool gone_ = false;
    char buffer_[16 * 1024];
};

}  // namespace emostage::test
