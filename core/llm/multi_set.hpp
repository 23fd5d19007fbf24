// libcurl's multi handles, as many as the exchanges need: for each new exchange, and for each end,
// libcurl walks over all connections that a multi handle has.
//
// Internal to the transport, which hears of sockets and times through `act` and there calls
// libcurl; what libcurl tells these handles from inside is noted only. One thread: the loop's.
// https://curl.se/libcurl/c/libcurl-multi.html (multi_socket)
#pragma once

#include <curl/curl.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/socket_set.hpp"

namespace emostage::llm {

class MultiSet;

struct Multi : std::enable_shared_from_this<Multi> {
    MultiSet& set;              // whose it is
    const std::uint32_t index;  // there, and the owner of its sockets
    CURLM* const handle;
    asio::steady_timer timer;
    std::size_t exchanges = 0;
    TimePoint idle_since{};  // while it has none
    bool due = false;        // libcurl wants it to be called at once

    // Throws std::bad_alloc.
    Multi(MultiSet& set_, asio::io_context& loop, std::uint32_t index_,
          std::size_t connections_max);
    ~Multi() { curl_multi_cleanup(handle); }
    Multi(const Multi&) = delete;
    Multi& operator=(const Multi&) = delete;
};

class MultiSet : public std::enable_shared_from_this<MultiSet> {
public:
    static constexpr std::size_t exchanges_per_multi = 64;
    static constexpr std::chrono::seconds idle_max{60};  // then the last ones go
    static constexpr int push_rounds_max = 8;            // then other handlers get their turn

    // Calls libcurl for this socket, or for its times with CURL_SOCKET_TIMEOUT.
    using Act = std::function<void(Multi&, curl_socket_t socket, int what)>;

    MultiSet(asio::io_context& loop, SocketSet& sockets, std::size_t connections_max, Act act);

    // Ends all; nothing is called any more. Requires: no exchange is in one.
    void stop();

    // The first that has room: so exchanges keep to few, and find the connections of former ones.
    Multi& with_room();
    Multi& at(std::uint32_t index) { return *multis_[index]; }
    void one_left(Multi& multi);  // an exchange is out of it

    // Calls those that are due. Without an owner who does that in time it is done in a loop turn.
    void push();
    void set_owner_pushes() { owner_pushes_ = true; }

private:
    friend struct Multi;

    // Called by libcurl.
    static int on_socket(CURL*, curl_socket_t socket, int what, void* multi, void*);
    static int on_timer(CURLM*, long ms, void* multi);

    void push_soon();
    void arm_trim_timer();
    void trim();

    asio::io_context& loop_;
    SocketSet& sockets_;
    const std::size_t connections_max_;
    const Act act_;
    std::vector<std::shared_ptr<Multi>> multis_;
    std::vector<std::weak_ptr<Multi>> due_;
    asio::steady_timer trim_timer_;
    bool trim_armed_ = false;
    bool push_posted_ = false;
    bool owner_pushes_ = false;
    bool stopped_ = false;
};

}  // namespace emostage::llm
