// All turns of one gateway: when to push an open (again), when to resume, when to give up.
//
// A machine: `on(input, now)`, outputs through `Outputs` and each turn's sink. No socket, clock,
// randomness or thread inside. Events of a turn cost one look-up and no timer while none is
// missing. It keeps no outbox: a push that does not fit is tried again, a turn is its own place in
// the queue. DESIGN.md, section 3; PROTOCOL.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "gateway/client/config.hpp"
#include "gateway/client/link_watch.hpp"
#include "gateway/client/rate_limit.hpp"
#include "gateway/client/turn_reader.hpp"
#include "gateway/client/turn_sink.hpp"
#include "schemas/command.hpp"
#include "schemas/event.hpp"

namespace emostage::gateway {

// What the core asks its shell to do. Must not call the core back.
class Outputs {
public:
    virtual ~Outputs() = default;
    // False: the pipe is full, nothing was sent.
    virtual bool push(std::string_view command) = 0;
    // Unsubscribe and subscribe, so that the broker says `hello` again.
    virtual void resubscribe() = 0;
    virtual void on_link(Link link) = 0;  // it changed
};

struct Counters {  // since the start
    std::uint64_t opened = 0, opens_pushed = 0, resumes_pushed = 0, cancels_pushed = 0,
                  pipe_full = 0, events = 0, foreign_events = 0, gaps = 0, rereads = 0,
                  brokers_lost = 0, reconnects = 0, given_up = 0;
};

class GatewayCore {
public:
    // Requires: config.gateway is an id. `outputs` outlives the core; a sink its turn, or until
    // abandon().
    GatewayCore(Config config, Outputs& outputs, Now now);

    // Takes the turn; `open.turn` is set, `open.gateway` is filled in. The same turn may be opened
    // again, with a sink of its own. Errc::invalid_field, too_large (by the broker's limits as far
    // as known), overloaded (own limits), conflict (the id runs here with other content).
    Result<void> open(wire::Open open, TurnSink& sink, Now now);

    // Reads a turn that somebody else (or this gateway, before) opened, from the number after
    // `after` on: 0 is its start. A turn may have several readers here. If the turn has ended at
    // that number, the sink hears the end once more.
    Result<void> join(std::string turn, std::uint64_t after, TurnSink& sink, Now now);

    // Asks until an end comes; unknown turns: nothing happens.
    void cancel(std::string_view turn, Now now);

    // The sink hears nothing more, from this moment. leave(): the turn goes on, if it was accepted;
    // abandon(): it is cancelled. Unknown turns and sinks: nothing happens.
    void leave(std::string_view turn, const TurnSink& sink, Now now);
    void abandon(std::string_view turn, const TurnSink& sink, Now now);

    void on(wire::EventBatch batch, Now now);
    void on_news(wire::EventBatch batch);  // what is for all gateways; says nothing of the link
    void on_time(Now now);

    // The earliest moment at which on_time() has something to do; nothing: never.
    std::optional<TimePoint> next_time() const;

    Link link() const { return watch_.link(); }
    const wire::Limits& limits() const { return limits_; }
    const Counters& counters() const { return counters_; }
    const std::vector<std::string>& pipelines() const { return pipelines_; }  // as the broker said
    std::size_t turns() const { return turns_.size(); }                       // readers of turns

private:
    struct Turn;
    using Timers = std::multimap<TimePoint, Turn*>;

    struct Turn {  // one reader of it
        std::string id, session;
        std::uint64_t number = 0;  // turns are pushed in the order in which they came
        std::string open;          // encoded; empty: joined
        TurnSink* sink = nullptr;
        TurnReader reader;
        TimePoint heard_at{};                           // last event or beacon that names it
        TimePoint deadline_at{};                        // grace included
        TimePoint push_at{}, resume_at{}, cancel_at{};  // not before
        milliseconds push_wait{}, resume_wait{}, cancel_wait{};
        std::uint64_t asked_after = 0;  // by the last resume
        std::uint32_t pushes = 0;       // of its open, to this broker
        std::uint32_t rereads = 0, reopens = 0;
        bool known = false;      // the broker has it
        bool ask = false;        // resume although nothing is known to be missing
        bool behind = false;     // as last looked at
        bool cancelled = false;  // wanted
        bool permitted = false;  // resume_at has a permit of resumes_
        bool shown = false;      // the sink has had an event
        bool beside = false;     // its open came when the turn had readers here
        bool left = false;       // nobody reads it any more
        Timers::iterator timer;
    };
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    Result<Turn*> add(std::string id, std::uint64_t after, TurnSink& sink, Now now);
    std::vector<Turn*> readers_of(std::string_view id);
    std::vector<Turn*> turns_in_order();
    void remove(Turn& turn);
    void cancel(Turn& turn, Now now);

    bool on_broker(const wire::EventBatch& batch, bool hello, Now now);
    void on_beacon(const wire::Beacon& beacon, Now now);
    void on_turn(wire::Event event, Now now);
    void on_turn(Turn& turn, wire::Event event, Now now);
    void on_rejected(Turn& turn, wire::Event event, Now now);
    void read_again(Turn& turn, Now now);
    void look_for_gap(Turn& turn, Now now);
    void start_anew(Now now);
    bool reopen(Turn& turn, const char* reason, Now now);
    void resync(std::uint64_t newest, Now now);
    void scan(Now now);

    void act(Turn& turn, Now now);
    void push_open(Turn& turn, Now now);
    void push_cancel(Turn& turn, Now now);
    void push_resume(Turn& turn, Now now);
    bool push(std::string_view command, std::uint64_t& counter, Now now);
    void schedule(Turn& turn);

    void tell(Turn& turn, const wire::Event& event);
    void finish(Turn& turn, const wire::Event& event);
    void end(Turn& turn, wire::EventBody body, Now now);
    void give_up(Turn& turn, Errc code, std::string message, Now now);

    Config config_;
    Outputs& outputs_;
    wire::Limits limits_;
    std::vector<std::string> pipelines_;
    std::string broker_;          // empty: none was heard yet
    std::string retired_broker_;  // what still arrives of it is not taken for a change back
    LinkWatch watch_;
    RateLimit resumes_;
    TimePoint scan_at_{};
    TimePoint full_until_{};  // the pipe was full
    std::size_t open_bytes_ = 0;
    std::uint64_t numbers_ = 0;
    std::unordered_multimap<std::string, std::unique_ptr<Turn>, Hash, std::equal_to<>> turns_;
    Timers timers_;  // one of each turn
    std::vector<wire::Event> ready_;
    Counters counters_;
};

}  // namespace emostage::gateway
