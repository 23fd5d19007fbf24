#include "core/log/descriptor_sink.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "core/log/log.hpp"

namespace emostage::log {
namespace {

constexpr int write_tries_max = 16;  // of one line
constexpr std::size_t time_bytes_max = 64;
static_assert(line_bytes_max + time_bytes_max <= PIPE_BUF, "a line is written at once");

}  // namespace

DescriptorSink::DescriptorSink(int descriptor, std::chrono::milliseconds stall_max)
    : descriptor_(descriptor), stall_max_(stall_max) {}

bool DescriptorSink::writable() const {
    pollfd wanted{descriptor_, POLLOUT, 0};
    const int wait_ms = stalled_ || hurried_ ? 0 : static_cast<int>(stall_max_.count());
    return ::poll(&wanted, 1, wait_ms) == 1 && (wanted.revents & POLLOUT) != 0;
}

// A pipe that polls as writable takes PIPE_BUF bytes at once without blocking; lines are shorter.
// Only other kinds of descriptors may want a second go.
// https://man7.org/linux/man-pages/man7/pipe.7.html
bool DescriptorSink::write_line(const char* data, std::size_t size) {
    for (int tries = 0; tries < write_tries_max && size > 0; ++tries) {
        if (!writable()) return false;
        const ssize_t written = ::write(descriptor_, data, size);
        if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (written > 0) {
            data += written;
            size -= static_cast<std::size_t>(written);
        }
    }
    return size == 0;
}

void DescriptorSink::sink_it_(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const bool written = write_line(formatted.data(), formatted.size());
    if (!written) ++lines_lost_;
    stalled_ = !written;
}

}  // namespace emostage::log
