// A process's admin pages over HTTP, on one of its loops.
//
// For probes and scrapers on a trusted network: no TLS, no authentication. Bounded in connections,
// header and body bytes, and time. One thread, the loop's; the loop outlives the server. Pages are
// made when they are asked for, on that thread.
#pragma once

#include <asio/io_context.hpp>
#include <memory>

#include "core/admin/page.hpp"
#include "core/clock.hpp"
#include "core/config/address.hpp"
#include "core/result.hpp"

namespace emostage::admin {

class AdminServer {
public:
    static constexpr std::size_t connections_max = 64;
    static constexpr std::size_t url_bytes_max = 1024;
    static constexpr std::size_t header_bytes_max = 4096;  // of one field's value
    static constexpr std::size_t headers_max = 64;
    static constexpr std::size_t body_bytes_max = 1024;
    static constexpr milliseconds read_max{5'000};  // of one request; an idle connection's life too
    static constexpr milliseconds write_max{5'000};

    AdminServer(asio::io_context& loop, Pages pages);
    ~AdminServer();  // connections that are still open get no more answers

    // The address in force: port 0 has become a number. Errc::io: where, why, and what to do.
    Result<config::Address> open(const config::Address& address);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::admin
