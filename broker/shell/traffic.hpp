// What went through the broker's sockets since its start: counts for metrics, never content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schemas/errc.hpp"

namespace emostage::broker {

enum class Socket : std::uint8_t { commands, events, workers };
inline constexpr std::size_t sockets = 3;
inline constexpr std::size_t codes = static_cast<std::size_t>(Errc::internal) + 1;

constexpr std::string_view name(Socket socket) {
    switch (socket) {
        case Socket::commands:
            return "commands";
        case Socket::events:
            return "events";
        case Socket::workers:
            return "workers";
    }
    return "";
}

struct Traffic {
    struct Flow {
        std::uint64_t messages = 0, bytes = 0;
        void add(std::size_t size) {
            ++messages;
            bytes += size;
        }
    };
    std::array<Flow, sockets> received{}, sent{};
    std::array<std::uint64_t, sockets> bad{};     // received and not understood
    std::array<std::uint64_t, codes> rejected{};  // `rejected` events by code
    std::uint64_t unreachable = 0;                // connections of workers that were lost

    Flow& received_on(Socket socket) { return received[static_cast<std::size_t>(socket)]; }
    Flow& sent_on(Socket socket) { return sent[static_cast<std::size_t>(socket)]; }
    std::uint64_t& bad_on(Socket socket) { return bad[static_cast<std::size_t>(socket)]; }
    std::uint64_t& rejected_with(Errc code) { return rejected[static_cast<std::size_t>(code)]; }
};

}  // namespace emostage::broker
