#include "gateway/http/server/wire.hpp"

#include <sys/socket.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <cassert>
#include <utility>

namespace emostage::http {
namespace {

using asio::ip::tcp;

// Says a last word and listens until the other side has heard it.
class Farewell : public std::enable_shared_from_this<Farewell> {
public:
    Farewell(tcp::socket socket, std::string answer, std::shared_ptr<std::size_t> count)
        : socket_(std::move(socket)),
          timer_(socket_.get_executor()),
          answer_(std::move(answer)),
          count_(std::move(count)) {
        ++*count_;
    }
    ~Farewell() { --*count_; }

    void start() {
        timer_.expires_after(Wires::farewell_max);
        timer_.async_wait([self = shared_from_this()](const asio::error_code&) { self->end(); });
        asio::async_write(socket_, asio::buffer(answer_),
                          [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                              if (error) return self->end();
                              asio::error_code ignored;
                              self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
                              self->read();
                          });
    }

private:
    void read() {
        socket_.async_read_some(
            asio::buffer(dropped_),
            [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
                if (error || bytes > self->left_) return self->end();
                self->left_ -= bytes;
                self->read();
            });
    }
    void end() {
        asio::error_code ignored;
        socket_.close(ignored);
        timer_.cancel();
    }

    tcp::socket socket_;
    asio::steady_timer timer_;
    std::string answer_;
    std::shared_ptr<std::size_t> count_;
    std::size_t left_ = Wires::farewell_bytes_max;
    std::array<char, 16 * 1024> dropped_;
};

}  // namespace

asio::execution_context::id Wires::id;

Wire* Wires::of(const void* connection) const {
    const auto found = open_.find(connection);
    return found == open_.end() ? nullptr : found->second;
}

Wire::Wire(asio::io_context& loop) : tcp::socket(loop), wires_(asio::use_service<Wires>(loop)) {}

Wire::Wire(Wire&& other) : tcp::socket(std::move(other)), wires_(other.wires_) {
    assert(other.connection_ == nullptr);
}

Wire::~Wire() {
    if (connection_ != nullptr) wires_.open_.erase(connection_);
}

void Wire::attach(const void* connection) {
    connection_ = connection;
    wires_.open_[connection] = this;
}

void Wire::cut() {
    if (!is_open()) return;
    asio::error_code ignored;
    set_option(linger(true, 0), ignored);
    ::shutdown(native_handle(), SHUT_RDWR);
}

void Wire::shutdown(shutdown_type how, asio::error_code& error) {
    if (!may_be_told()) tcp::socket::shutdown(how, error);
}

void Wire::close() {
    std::string answer = std::exchange(wires_.refusal_, {});
    asio::error_code ignored;
    if (answer.empty() || unanswered_ != 0 || !is_open() ||
        *wires_.farewells_ >= Wires::farewells_max) {
        tcp::socket::close(ignored);
        return;
    }
    std::make_shared<Farewell>(std::move(static_cast<tcp::socket&>(*this)), std::move(answer),
                               wires_.farewells_)
        ->start();
}

}  // namespace emostage::http
