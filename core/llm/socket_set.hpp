// The sockets that libcurl wants watched, in one level-triggered epoll set.
//
// Descriptors are named by number alone and never owned. A number that is closed and given out
// again within one batch of events is told apart by its generation. One thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace emostage::llm {

class SocketSet {
public:
    static constexpr int batch_max = 64;

    struct Ready {
        int socket = -1;
        std::uint32_t owner = 0;  // as watch() was told
        bool readable = false;
        bool writable = false;
        bool failed = false;  // error or hang-up
    };

    SocketSet();  // throws std::system_error
    ~SocketSet();
    SocketSet(const SocketSet&) = delete;
    SocketSet& operator=(const SocketSet&) = delete;

    int descriptor() const { return epoll_; }  // readable while a socket is ready

    // False: the system refuses (no memory, too many watches).
    bool watch(int socket, std::uint32_t owner, bool read, bool write);
    void forget(int socket);

    // Fills the batch without waiting; then take_ready() gives one after another until false.
    void poll();
    bool take_ready(Ready& ready);

private:
    struct Entry {
        std::uint32_t generation = 0;  // odd: watched
        std::uint32_t owner = 0;
    };

    int epoll_;
    std::vector<Entry> entries_;  // by socket
    std::array<epoll_event, batch_max> events_{};
    int count_ = 0;
    int taken_ = 0;
};

}  // namespace emostage::llm
