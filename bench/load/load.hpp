// One load: starts turns, closed loop or open, reads what comes back, and measures.
//
//   closed  `in_flight` people: the next turn of one starts when the last has ended; who was
//   refused
//           comes back after a pause.
//   open    turns start when they arrive, whether others have ended or not; what waits for us
//   counts.
//
// A machine: times and events in, through Ports out. No socket, clock or thread inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/arrivals.hpp"
#include "bench/load/meter.hpp"
#include "bench/load/reply_script.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "gateway/client/turn_sink.hpp"

namespace emostage::load {

struct Plan {
    std::uint64_t turns = 1;        // to start, at most
    std::size_t in_flight = 1;      // closed: kept; open: at most (who arrives then waits for us)
    Duration ramp{};                // closed: the first `in_flight` start spread over this
    std::optional<Duration> lasts;  // no turn starts later than this after the start
    Duration settles{};             // what ends earlier after the start is not counted as `in_time`
    std::optional<Arrivals> arrivals;  // open

    Duration between_tokens{};       // the far end's
    std::uint64_t reply_tokens = 0;  // of each reply, exactly; 0: not known, `lost` is not counted
    double cancels = 0;              // this share of the turns is cancelled in mid-reply
    std::uint64_t cancel_tokens_max = 1;  // after 1 to so many tokens, by chance
    std::uint64_t seed = 1;
};

// Of the turns that run, one object each; used again for later turns.
class Turn : public gateway::TurnSink {
public:
    std::size_t person = 0;  // its place: nobody has two turns at once
    std::string id;
    bool runs = false;
    TimePoint due{};        // when it should have started
    TimePoint submitted{};  // when it did
    TimePoint last{};       // token
    std::uint64_t tokens = 0, bytes = 0;
    std::uint64_t cancel_after = 0;  // tokens; 0: never
    bool cancel_asked = false;
};

class Ports {
public:
    virtual ~Ports() = default;
    // Pushes the turn and sets its id; its events come to Load::on_event.
    virtual Result<void> open(Turn& turn) = 0;
    virtual void cancel(Turn& turn) = 0;
    virtual void abandon(Turn& turn) = 0;
    virtual std::unique_ptr<Turn> make_turn() = 0;
};

class Load {
public:
    // Starts in one call of on_time(), so that what comes back is read in between.
    static constexpr std::size_t starts_at_once = 64;
    static constexpr milliseconds refused_pause{500};  // closed

    Load(Plan plan, ReplyScript script, Ports& ports);

    void start(TimePoint now);
    void on_time(TimePoint now);
    void on_event(Turn& turn, const wire::Event& event, TimePoint now);
    // No more turns; those that run are abandoned and counted as unfinished.
    void stop(TimePoint now);

    // When on_time() has something to do; nothing: an event comes first.
    std::optional<TimePoint> next_time() const;
    bool over() const { return over_; }
    std::size_t in_flight() const { return turns_.size() - free_.size(); }
    std::uint64_t turns() const { return plan_.turns; }
    const Meter& meter() const { return meter_; }

private:
    bool may_start() const;
    void begin(TimePoint due, TimePoint now);
    Turn& take_turn();
    void on_delta(Turn& turn, const std::string& text, TimePoint now);
    bool in_time(TimePoint now) const;
    void count_gaps(Duration gap, std::uint64_t times);
    void on_end(Turn& turn, const wire::EventBody& body, TimePoint now);
    void refused(TimePoint now);
    void finish(Turn& turn, TimePoint now);
    void look_whether_over();

    Plan plan_;
    ReplyScript script_;
    Ports& ports_;
    Meter meter_;
    TimePoint started_at_{};
    TimePoint next_due_{};          // nobody starts before
    std::deque<TimePoint> pauses_;  // closed: their ends, of people who were refused
    bool starting_ = false;         // on_time() is at work: an end in it does not start another
    bool stopped_ = false, over_ = false;
    std::mt19937_64 random_;
    std::vector<std::unique_ptr<Turn>> turns_;
    std::vector<Turn*> free_;
};

}  // namespace emostage::load
