// What a gateway may say: PROTOCOL.md, "Commands".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace emostage::wire {

inline constexpr int protocol_version = 1;

enum class Role : std::uint8_t { user, assistant };

struct Utterance {
    Role role = Role::user;
    std::string text;

    bool operator==(const Utterance&) const = default;
};

// What happens when the session already has a turn that is queued or running.
enum class OnBusy : std::uint8_t { enqueue, reject, interrupt };

// What happens to words that were shown when their worker or their model's server is lost.
enum class OnLost : std::uint8_t {
    go_on,  // "continue": the reply goes on where the server can, else it starts again
    reset,  // it starts again
    fail,   // it goes on where the server can, else the turn fails: nothing shown is taken back
};

enum class Priority : std::uint8_t { low, normal, high };

struct Open {
    std::string gateway;
    std::string turn;
    std::string session;
    std::string text;
    std::optional<std::vector<Utterance>> history;  // given: the turn is stateless
    std::string locale;                             // BCP 47; empty: from the text's script
    std::string pipeline;                           // empty: the broker's default
    std::optional<std::chrono::milliseconds> deadline;
    Priority priority = Priority::normal;
    OnBusy on_busy = OnBusy::enqueue;
    OnLost on_lost = OnLost::go_on;
    std::string traceparent;  // W3C trace context, or empty

    bool operator==(const Open&) const = default;
};

struct Cancel {
    std::string gateway;
    std::string turn;

    bool operator==(const Cancel&) const = default;
};

struct Resume {
    std::string gateway;
    std::string turn;
    std::uint64_t after = 0;  // the last number seen without a hole; 0: from the start

    bool operator==(const Resume&) const = default;
};

using Command = std::variant<Open, Cancel, Resume>;

}  // namespace emostage::wire
