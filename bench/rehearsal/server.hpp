// The rehearsal server: an OpenAI-compatible endpoint with scripted replies, a pace and faults.
//
// One thread: the loop's. Owns the listening socket and all connections.
#pragma once

#include <asio/io_context.hpp>
#include <cstdint>
#include <memory>

#include "bench/rehearsal/options.hpp"
#include "bench/rehearsal/stats.hpp"
#include "core/result.hpp"

namespace emostage::rehearsal {

class Server {
public:
    Server(asio::io_context& loop, Options options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Returns the port. Errc::io with host, port and the system's words; Errc::config for a host
    // that is no address.
    Result<std::uint16_t> listen();

    // No new connection or request; running answers have Limits::drain_max. Nothing of the server
    // is left on the loop then. The second call ends all at once.
    void stop();

    const Stats& stats() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace emostage::rehearsal
