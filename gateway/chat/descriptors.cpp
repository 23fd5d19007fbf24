#include "gateway/chat/descriptors.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace emostage::chat {

InputLines::InputLines(asio::io_context& loop, int descriptor)
    : loop_(loop), descriptor_(loop), alive_(std::make_shared<bool>(true)) {
    const int copy = ::dup(descriptor);
    if (copy < 0) throw std::system_error(errno, std::generic_category(), "standard input");
    descriptor_.assign(copy);
}

InputLines::~InputLines() { *alive_ = false; }

void InputLines::read(Handler handler) {
    handler_ = std::move(handler);
    asio::post(loop_, [this, alive = alive_] {
        if (*alive) look();
    });
}

void InputLines::look() {
    if (auto line = reader_.next()) {
        std::exchange(handler_, nullptr)(std::move(line));
    } else if (reader_.done()) {
        std::exchange(handler_, nullptr)(std::nullopt);
    } else {
        wait();
    }
}

void InputLines::wait() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, alive = alive_](const asio::error_code& error) {
                               // A regular file cannot be waited for and need not be.
                               if (!*alive || error == asio::error::operation_aborted) return;
                               take();
                           });
}

void InputLines::take() {
    std::array<char, read_bytes_max> bytes;
    const auto got = ::read(descriptor_.native_handle(), bytes.data(), bytes.size());
    if (got > 0) {
        reader_.add({bytes.data(), static_cast<std::size_t>(got)});
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        reader_.end();
    }
    look();
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto put = ::write(descriptor, bytes.data(), bytes.size());
        if (put >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(put));
        } else if (errno == EAGAIN) {
            pollfd waiting{descriptor, POLLOUT, 0};
            ::poll(&waiting, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace emostage::chat
