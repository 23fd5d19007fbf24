#include "tests/core/llm/scripted_server.hpp"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <cstdio>
#include <cstdlib>

namespace emostage::test {

using asio::ip::tcp;

ScriptedServer::ScriptedServer(asio::io_context& loop, Script script_, std::uint16_t port)
    : script(std::move(script_)),
      acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), port), true),
      port_(acceptor_.local_endpoint().port()) {
    acceptor_.listen(4096);
    accept();
}

ScriptedServer::~ScriptedServer() {
    *alive_ = false;
    for (const auto& weak : open_) {
        if (const auto connection = weak.lock()) {
            connection->server_ = nullptr;
            asio::error_code ignored;
            connection->socket_.close(ignored);
        }
    }
}

void ScriptedServer::accept() {
    // What was accepted just before the end is handed over after it, without an error.
    acceptor_.async_accept(
        [this, alive = alive_](const asio::error_code& error, tcp::socket socket) {
            if (error || !*alive) return;
            socket.set_option(tcp::no_delay(true));
            auto connection =
                std::make_shared<HttpConnection>(std::move(socket), *this, ++connections_);
            open_.push_back(connection);
            connection->read();
            accept();
        });
}

HttpConnection::HttpConnection(tcp::socket socket, ScriptedServer& server, int number)
    : socket_(std::move(socket)), server_(&server), number_(number) {}

void HttpConnection::read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
            if (self->server_ == nullptr || error == asio::error::operation_aborted) return;
            if (error) {
                if (!self->gone_) ++self->server_->closed_by_peer_;
                self->gone_ = true;
                return;
            }
            self->in_.append(self->buffer_, size);
            while (self->take_request()) {
            }
            if (self->socket_.is_open()) self->read();
        });
}

bool HttpConnection::take_request() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    HttpRequest request;
    request.head = in_.substr(0, end + 2);
    const std::size_t at = request.head.find("Content-Length: ");
    const std::size_t length =
        at == std::string::npos ? 0 : std::strtoul(request.head.c_str() + at + 16, nullptr, 10);
    if (in_.size() < end + 4 + length) return false;
    request.body = in_.substr(end + 4, length);
    in_.erase(0, end + 4 + length);
    const std::size_t space = request.head.find(' ');
    request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    request.connection = number_;
    request.number = ++server_->requests_;
    server_->script(request, shared_from_this());
    return socket_.is_open();
}

void HttpConnection::send(std::string bytes) {
    out_ += bytes;
    write();
}

void HttpConnection::write() {
    if (is_writing_ || !socket_.is_open()) return;
    if (out_.empty()) {
        asio::error_code ignored;
        if (close_after_) socket_.close(ignored);
        return;
    }
    is_writing_ = true;
    writing_.swap(out_);
    out_.clear();
    asio::async_write(socket_, asio::buffer(writing_),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                          self->is_writing_ = false;
                          if (!error) self->write();
                      });
}

void HttpConnection::close() {
    close_after_ = true;
    write();
}

void HttpConnection::reset() {
    asio::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void HttpConnection::after(milliseconds delay, std::function<void()> action) {
    auto timer = std::make_shared<asio::steady_timer>(socket_.get_executor(), delay);
    timer->async_wait(
        [timer, self = shared_from_this(), action = std::move(action)](const asio::error_code& e) {
            if (!e && self->server_ != nullptr) action();
        });
}

void HttpConnection::respond(int status, const std::string& body, const std::string& headers) {
    send("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
         headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

void HttpConnection::begin_stream() {
    send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void HttpConnection::event(std::string_view data) {
    const std::string event = "data: " + std::string(data) + "\n\n";
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", event.size());
    send(size + event + "\r\n");
}

void HttpConnection::content(std::string_view json_text) {
    event(R"({"choices":[{"index":0,"delta":{"content":")" + std::string(json_text) + "\"}}]}");
}

void HttpConnection::finish(std::string_view reason) {
    event(R"({"choices":[{"index":0,"delta":{},"finish_reason":")" + std::string(reason) + "\"}]}");
    event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})");
}

void HttpConnection::end_stream() {
    event("[DONE]");
    send("0\r\n\r\n");
}

}  // namespace emostage::test
