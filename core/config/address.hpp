// Where a program listens or connects, as people write it: `HOST:PORT` and ZeroMQ endpoints.
//
// Pure functions; any thread. Errors are Errc::config and say what is wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace emostage::config {

struct Address {
    std::string host;  // an IP address without brackets
    std::uint16_t port = 0;

    bool operator==(const Address&) const = default;
};

// `127.0.0.1:7704`, `[::1]:7704`, `localhost:7704` (127.0.0.1), `*:7704` (every IPv4 address). Port
// 0: any free one.
Result<Address> parse_listen_address(std::string_view text);
std::string to_string(const Address& address);

enum class EndpointUse : std::uint8_t { bind, connect };

// `tcp://HOST:PORT` or `ipc://PATH`. To bind, HOST is `*` or an IP address or an interface and PORT
// may be `*`; to connect, HOST may be a name.
Result<void> check_zmq_endpoint(std::string_view text, EndpointUse use);

}  // namespace emostage::config
