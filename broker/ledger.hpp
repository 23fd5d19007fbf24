// What has changed and is to be stored, and which events have to wait until it is.
//
// Readers may never be told what a start after a crash would tell otherwise. So what the broker
// decides by itself (an acceptance, an end, a reset, that somebody else runs the turn) is told when
// it is stored. What a run says can go out before: its worker keeps it and says it again, under the
// same ordinals and so the same numbers, within the numbers that the last commit reserved.
//
// One commit is under way at a time; meanwhile changes gather for the next. Urgent ones call for a
// commit, what runs say does so within `commit_lazy`. To sync a disk costs the same for one turn as
// for many, so a commit begins no sooner than `commit_spacing` after the one before, unless it is
// pressing: text waits for it that a run has said, or one in `commit_share` of the turns that run.
// So few turns never wait, and many are stored together.
//
// A commit that was not stored is made again, with what has changed since, after a pause that
// doubles; until one is stored no new turn is accepted. With Config::durable off all of it counts
// as stored at once, and costs nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "broker/broker.hpp"
#include "broker/config.hpp"
#include "broker/journal.hpp"
#include "broker/turn.hpp"
#include "core/clock.hpp"

namespace emostage::broker {

struct Session;
class SessionTable;

class Ledger {
public:
    Ledger(const Config& config, Counters& counters, Meters& meters)
        : config_(config), counters_(counters), meters_(meters) {}

    bool durable() const { return config_.durable; }

    // --- what changes ---
    void add(Turn& turn);                              // a new one
    void restore(Turn& turn, std::uint64_t reserved);  // one that is stored, as it is
    void changed(Turn& turn, Now now);                 // by what its run says, or its readers
    void urgent(Turn& turn);
    // Urgent; and the turn's events that follow wait for the commit.
    void hold(Turn& turn);
    // Text that the turn's run has said waits, up to the event `seq`.
    void press(const Turn& turn, std::uint64_t seq);
    void changed(Session& session);  // goes with the next commit
    // The turn's end was told: what changed meanwhile (who asks for it) is not worth a row.
    void settled(Turn& turn) { unmark(turn); }
    // They are about to go. Requires: a turn is not in the commit that is under way.
    void forget(Turn& turn, Now now);
    void forget(const Session& session, Now now);

    // The number up to which the turn's events may be told.
    std::uint64_t limit(const Turn& turn) const;

    // --- commits ---
    // What is to be stored now; nothing: nothing is, or not yet. `running`: turns that run.
    // `hurry`: lazy changes too.
    std::optional<Commit> next(SessionTable& sessions, std::size_t running, bool hurry, Now now);
    // The commit is stored. Turns that may have events to tell, each once and in order of
    // acceptance: so a session's next turn is told after the end of the one before.
    std::vector<Turn*> stored(bool low, Now now);
    // It is not. Turns that nobody was promised, for their acceptance was never stored.
    std::vector<Turn*> failed(Now now);

    bool refuses() const { return refuses_; }  // no new turn can be promised an answer
    milliseconds retry_after() const { return std::max(pause_, config_.commit_retry_min); }
    std::optional<TimePoint> due() const;  // when next() is to be asked
    std::size_t unstored() const { return urgent_.size() + lazy_.size() + flying_.size(); }

private:
    struct Flying {  // a turn as it is in the commit that is under way
        Turn* turn;
        std::uint64_t last, reserved;
        wire::LeaseId lease;
        std::uint64_t said;  // of the lease: its last ordinal
    };

    void mark(Turn& turn, Books::Mark mark);
    void unmark(Turn& turn);
    void take(Turn& turn, Commit& into, Now now);
    bool overdue(std::size_t running, bool hurry, Now now) const;
    TimePoint spaced() const { return began_at_ + config_.commit_spacing; }

    const Config& config_;
    Counters& counters_;
    Meters& meters_;
    std::list<Turn*> urgent_, lazy_;  // lazy ones: the longest first
    std::unordered_set<std::string> sessions_;
    std::vector<std::uint64_t> forgotten_turns_;
    std::unordered_set<std::string> forgotten_sessions_;
    std::optional<TimePoint> forgotten_at_;  // the first of them

    bool pressed_ = false;
    TimePoint began_at_{};  // the last commit
    bool under_way_ = false;
    std::vector<Flying> flying_;
    std::vector<std::string> flying_sessions_;
    std::vector<std::uint64_t> flying_forgotten_turns_;
    std::vector<std::string> flying_forgotten_sessions_;

    bool refuses_ = false;
    milliseconds pause_{0};  // after the last commit that was not stored
    std::optional<TimePoint>
        retry_at_;  // the next commit, not before; or whether there is room again
};

}  // namespace emostage::broker
