#include "core/config/address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace emostage::config {
namespace {

constexpr std::size_t host_bytes_max = 253;  // RFC 1035, section 2.3.4
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

struct HostPort {
    std::string_view host, port;
    bool bracketed = false;
};

std::optional<HostPort> split(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    HostPort parts{text.substr(0, colon), text.substr(colon + 1)};
    if (parts.host.front() == '[' && parts.host.back() == ']') {
        parts.host = parts.host.substr(1, parts.host.size() - 2);
        parts.bracketed = true;
    } else if (parts.host.find(':') != std::string_view::npos) {
        return std::nullopt;  // an IPv6 address without its brackets
    }
    if (parts.host.empty() || parts.host.size() > host_bytes_max) return std::nullopt;
    return parts;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

bool is_ip(const std::string& host, bool bracketed) {
    in6_addr address;
    return ::inet_pton(bracketed ? AF_INET6 : AF_INET, host.c_str(), &address) == 1;
}

bool is_name(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

Result<void> check_ipc(std::string_view path) {
    if (path.empty()) return fail(Errc::config, "ipc:// needs a path, as in ipc:///run/x.sock");
    if (path.size() > path_bytes_max) {
        return fail(Errc::config, "the path after ipc:// is longer than " +
                                      std::to_string(path_bytes_max) + " bytes");
    }
    const bool plain =
        std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!plain) return fail(Errc::config, "the path after ipc:// must be printable ASCII");
    return {};
}

}  // namespace

Result<Address> parse_listen_address(std::string_view text) {
    const auto wrong = fail(Errc::config,
                            "must be HOST:PORT, as in 127.0.0.1:7704 or [::1]:7704; HOST "
                            "is an IP address, localhost or * (every address)");
    const auto parts = split(text);
    if (!parts) return wrong;
    Address address{std::string(parts->host), 0};
    if (!parts->bracketed && address.host == "localhost") address.host = "127.0.0.1";
    if (!parts->bracketed && address.host == "*") address.host = "0.0.0.0";
    const auto port = port_of(parts->port);
    if (!port || !is_ip(address.host, parts->bracketed)) return wrong;
    address.port = *port;
    return address;
}

std::string to_string(const Address& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Result<void> check_zmq_endpoint(std::string_view text, EndpointUse use) {
    constexpr std::string_view tcp = "tcp://";
    constexpr std::string_view ipc = "ipc://";
    if (text.starts_with(ipc)) return check_ipc(text.substr(ipc.size()));
    const auto parts = text.starts_with(tcp) ? split(text.substr(tcp.size())) : std::nullopt;
    if (!parts) return fail(Errc::config, "must be tcp://HOST:PORT or ipc://PATH");
    const bool host_fits =
        parts->bracketed ? is_ip(std::string(parts->host), true)
                         : is_name(parts->host) || (use == EndpointUse::bind && parts->host == "*");
    if (!host_fits) {
        return fail(Errc::config, "the host after tcp:// must be " +
                                      std::string(use == EndpointUse::bind ? "*, " : "") +
                                      "a name or an IP address (IPv6 in brackets)");
    }
    const auto port = port_of(parts->port);
    const bool port_fits =
        use == EndpointUse::bind ? port || parts->port == "*" : port && *port != 0;
    if (!port_fits) return fail(Errc::config, "the port must be a number from 1 to 65535");
    return {};
}

}  // namespace emostage::config
