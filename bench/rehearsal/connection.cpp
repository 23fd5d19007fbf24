#include "bench/rehearsal/connection.hpp"

#include <asio/buffer.hpp>
#include <asio/post.hpp>

namespace emostage::rehearsal {
namespace {

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(ConnectionId id, asio::ip::tcp::socket socket, const Limits& limits,
                       Host& host)
    : id_(id), socket_(std::move(socket)), limits_(limits), host_(host), reader_(limits) {}

void Connection::start() {
    asio::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    await_request();
    read();
}

void Connection::read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](asio::error_code error, std::size_t bytes) {
                                if (self->closed_) return;
                                if (error) return self->on_gone();
                                self->on_read(bytes);
                                if (!self->closed_) self->read();
                            });
}

void Connection::on_read(std::size_t bytes) {
    if (lingering_) return;
    const std::string_view input(buffer_.data(), bytes);
    if (!response_ && early_.empty()) return feed(input);
    early_ += input;
    if (early_.size() > limits_.early_bytes_max) close();
}

void Connection::on_gone() {
    if (response_ && response_->chat) {
        const Now at = now();
        host_.client_closed({at.unix_ms, response_->number, response_->stage,
                             response_->playback.streaming() ? "streaming" : "silent",
                             to_ms(at.steady - began_.steady), response_->trace});
    }
    close();
}

void Connection::feed(std::string_view bytes) {
    const bool started = reader_.started();
    const std::size_t used = reader_.feed(bytes);
    if (!started) host_.wake_at(id_, Clock::now() + limits_.request_max);
    if (reader_.take_continue()) {
        out_ += continue_line;
        send();
        if (closed_) return;
    }
    if (reader_.state() == HttpReader::State::reading) return;
    early_.assign(bytes.substr(used));
    began_ = now();
    begin(reader_.state() == HttpReader::State::refused
              ? host_.responder().refuse(reader_.refusal())
              : host_.responder().respond(reader_.request(), began_.unix_ms));
}

void Connection::begin(Response response) {
    response_.emplace(std::move(response));
    if (response_->chat) {
        Stats& stats = host_.stats();
        ++stats.chats_running;
        stats.chats_running_max = std::max(stats.chats_running_max, stats.chats_running);
    }
    host_.no_wake(id_);
    play(began_.steady);
}

void Connection::on_time(TimePoint now) {
    if (response_ && !blocked_) return play(now);
    // Too long: without reading what we send, in the middle of a request, idle, or lingering.
    if (response_ || lingering_ || !reader_.started()) return close();
    began_ = {now, 0};
    begin(host_.responder().refuse({408, "the request took too long to arrive"}));
}

void Connection::play(TimePoint now) {
    while (response_ && !closed_) {
        Playback& playback = response_->playback;
        const std::optional<Duration> due = playback.due();
        if (!due) return answered();
        const Duration elapsed = now - began_.steady;
        if (*due > elapsed) return host_.wake_at(id_, began_.steady + *due);
        const std::size_t before = playback.contents_taken();
        playback.take(elapsed, out_);
        const std::size_t taken = playback.contents_taken() - before;
        host_.stats().contents += taken;
        if (taken != 0) host_.stats().count_late(elapsed - *due, taken);
        if (!send()) return;
    }
}

bool Connection::send() {
    while (sent_ < out_.size()) {
        asio::error_code error;
        sent_ += socket_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), error);
        if (error == asio::error::would_block) {
            if (blocked_) return false;
            blocked_ = true;
            host_.wake_at(id_, Clock::now() + limits_.unread_max);
            socket_.async_wait(asio::ip::tcp::socket::wait_write,
                               [self = shared_from_this()](asio::error_code failed) {
                                   if (self->closed_ || failed) return;
                                   self->blocked_ = false;
                                   self->host_.no_wake(self->id_);
                                   if (self->send()) self->play(Clock::now());
                               });
            return false;
        }
        if (error) {
            on_gone();
            return false;
        }
    }
    out_.clear();
    sent_ = 0;
    return true;
}

void Connection::answered() {
    const Ending ending = response_->playback.ending();
    if (ending == Ending::hold) return;  // until the client goes
    if (response_->chat) {
        --host_.stats().chats_running;
        if (response_->playback.whole()) ++host_.stats().chats_whole;
    }
    response_.reset();
    const bool refused = reader_.state() != HttpReader::State::complete;
    if (refused || ending == Ending::close || draining_) return linger();
    reader_.reset();
    await_request();
    // Posted: many small requests at once must not nest.
    if (!early_.empty()) {
        asio::post(socket_.get_executor(), [self = shared_from_this()] { self->feed_early(); });
    }
}

void Connection::feed_early() {
    if (closed_) return;
    const std::string early = std::exchange(early_, {});
    feed(early);
}

void Connection::await_request() { host_.wake_at(id_, Clock::now() + limits_.idle_max); }

// Without this, bytes that nobody read would make the kernel throw away what we said last.
void Connection::linger() {
    asio::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    lingering_ = true;
    host_.wake_at(id_, Clock::now() + limits_.linger_max);
}

void Connection::drain() {
    draining_ = true;
    if (!response_ && !lingering_ && !reader_.started()) close();
}

void Connection::close() {
    if (std::exchange(closed_, true)) return;
    if (response_ && response_->chat) --host_.stats().chats_running;
    asio::error_code ignored;
    socket_.close(ignored);
    host_.forget(id_);
}

}  // namespace emostage::rehearsal
