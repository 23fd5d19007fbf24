#include "core/llm/socket_set.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace emostage::llm {

SocketSet::SocketSet() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

SocketSet::~SocketSet() { ::close(epoll_); }

bool SocketSet::watch(int socket, std::uint32_t owner, bool read, bool write) {
    const auto index = static_cast<std::size_t>(socket);
    if (index >= entries_.size()) entries_.resize(index + 1);
    entries_[index].owner = owner;
    std::uint32_t& generation = entries_[index].generation;
    const bool known = generation % 2 == 1;
    if (!known) ++generation;
    epoll_event event{};
    event.events = (read ? EPOLLIN : 0U) | (write ? EPOLLOUT : 0U);
    event.data.u64 = (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(socket);
    if (epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) == 0) return true;
    // The number was closed, or opened anew, without our being told.
    const int other = errno == ENOENT ? EPOLL_CTL_ADD : errno == EEXIST ? EPOLL_CTL_MOD : 0;
    if (other != 0 && epoll_ctl(epoll_, other, socket, &event) == 0) return true;
    ++generation;
    return false;
}

void SocketSet::forget(int socket) {
    const auto index = static_cast<std::size_t>(socket);
    if (index >= entries_.size() || entries_[index].generation % 2 == 0) return;
    ++entries_[index].generation;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
}

void SocketSet::poll() {
    taken_ = 0;
    count_ = epoll_wait(epoll_, events_.data(), batch_max, 0);
    if (count_ < 0) count_ = 0;
}

bool SocketSet::take_ready(Ready& ready) {
    while (taken_ < count_) {
        const epoll_event& event = events_[static_cast<std::size_t>(taken_++)];
        const auto index = static_cast<std::uint32_t>(event.data.u64);
        const Entry& entry = entries_[index];
        if (entry.generation != static_cast<std::uint32_t>(event.data.u64 >> 32)) continue;
        ready.socket = static_cast<int>(index);
        ready.owner = entry.owner;
        ready.readable = (event.events & EPOLLIN) != 0;
        ready.writable = (event.events & EPOLLOUT) != 0;
        ready.failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        return true;
    }
    return false;
}

}  // namespace emostage::llm
