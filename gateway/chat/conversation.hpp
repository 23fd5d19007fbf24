// The course of a chat: one line, one turn, then the next line.
//
// A machine: lines, keys, events and time in; through Ports out. No descriptor, signal or socket
// inside. One thread. It reads the next line only when no turn runs, so what waits stays where it
// came from.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "gateway/chat/line_reader.hpp"
#include "gateway/chat/view.hpp"
#include "gateway/chat/words.hpp"
#include "gateway/client/gateway_core.hpp"
#include "gateway/client/turn_sink.hpp"

namespace emostage::chat {

// What a conversation asks for. Must not call it back.
class Ports {
public:
    virtual ~Ports() = default;
    virtual Result<std::string> open(std::string text,
                                     gateway::TurnSink& sink) = 0;  // the turn's id
    virtual void cancel(std::string_view turn) = 0;
    virtual void read_line() = 0;  // on_line() or on_end_of_input(), once
    virtual void leave(int code) = 0;
    virtual void write(std::string_view bytes) = 0;  // where replies go
    virtual void tell(std::string_view bytes) = 0;   // where the program's own words go
    virtual std::uint64_t text_bytes_max() const = 0;
};

struct Manner {
    Tongue tongue = Tongue::en;
    bool interactive = false;  // somebody types; else one line after the other from a file or pipe
    bool json = false;
    Screen screen;
};

class Conversation final : public gateway::TurnSink {
public:
    static constexpr std::chrono::seconds leave_within{2};  // the second Ctrl-C

    // The exit codes.
    static constexpr int all_completed = 0, not_all_completed = 1;

    Conversation(Manner manner, Ports& ports);

    void start();
    void on_line(const Line& line);
    void on_end_of_input();
    void on_interrupt(TimePoint now);  // Ctrl-C
    void on_terminate();               // SIGTERM, SIGHUP
    void on_link(gateway::Link link);
    void on_resize(std::size_t columns, std::size_t rows) { view_.resize(columns, rows); }
    void on_event(const wire::Event& event) override;

private:
    void send(const std::string& text);
    void refuse(Errc code, std::string_view sentence);
    void next();
    void leave();
    void stop_turn();
    void note(std::string_view text);

    Manner manner_;
    Ports& ports_;
    View view_;
    std::string turn_;  // running; empty: none
    bool cancelling_ = false;
    bool prompted_ = false;  // the prompt stands at the cursor
    bool last_ = false;      // leave when the running turn has ended
    bool left_ = false;
    bool all_completed_ = true;
    bool unreachable_told_ = false;
    std::optional<TimePoint> interrupted_at_;
};

}  // namespace emostage::chat
