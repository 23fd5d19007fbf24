#include "broker/ledger.hpp"

#include <cassert>
#include <iterator>
#include <utility>

#include "broker/journal_codec.hpp"
#include "broker/journal_events.hpp"
#include "broker/lease_table.hpp"
#include "broker/session_table.hpp"

namespace emostage::broker {

// --- what changes ------------------------------------------------------------------------------

void Ledger::add(Turn& turn) {
    if (durable()) return;
    turn.books.stored = true;
    turn.books.reserved = Books::nothing;
    ++counters_.accepted;
}

void Ledger::restore(Turn& turn, std::uint64_t reserved) {
    turn.books.stored = true;
    turn.books.last = turn.told;
    turn.books.reserved = durable() ? reserved : Books::nothing;
}

void Ledger::changed(Turn& turn, Now now) {
    if (!durable() || turn.books.mark != Books::Mark::clean) return;
    turn.books.lazy_at = now.steady;
    mark(turn, Books::Mark::lazy);
}

void Ledger::urgent(Turn& turn) {
    if (durable() && turn.books.mark != Books::Mark::urgent) mark(turn, Books::Mark::urgent);
}

void Ledger::hold(Turn& turn) {
    if (!durable()) return;
    turn.books.hold = std::min(turn.books.hold, turn.log.last() + 1);
    urgent(turn);
}

void Ledger::press(const Turn& turn, std::uint64_t seq) {
    const auto& books = turn.books;
    if (durable() && (seq >= books.hold || seq > books.reserved)) pressed_ = true;
}

void Ledger::changed(Session& session) {
    if (!durable()) return;
    session.journaled = true;
    sessions_.insert(session.id);
    forgotten_sessions_.erase(session.id);
}

void Ledger::forget(Turn& turn, Now now) {
    if (!durable()) return;
    assert(!turn.books.flying);
    unmark(turn);
    if (!turn.books.stored) return;
    forgotten_turns_.push_back(turn.order);
    if (!forgotten_at_) forgotten_at_ = now.steady;
}

void Ledger::forget(const Session& session, Now now) {
    if (!durable() || !session.journaled) return;
    sessions_.erase(session.id);
    forgotten_sessions_.insert(session.id);
    if (!forgotten_at_) forgotten_at_ = now.steady;
}

void Ledger::mark(Turn& turn, Books::Mark mark) {
    unmark(turn);
    auto& marked = mark == Books::Mark::urgent ? urgent_ : lazy_;
    turn.books.mark = mark;
    turn.books.place = marked.insert(marked.end(), &turn);
}

void Ledger::unmark(Turn& turn) {
    auto& books = turn.books;
    if (books.mark == Books::Mark::clean) return;
    (books.mark == Books::Mark::urgent ? urgent_ : lazy_).erase(books.place);
    books.mark = Books::Mark::clean;
}

std::uint64_t Ledger::limit(const Turn& turn) const {
    const auto& books = turn.books;
    return std::min({turn.log.last(), books.reserved, books.hold - 1, books.hold_flying - 1});
}

// --- commits -----------------------------------------------------------------------------------

bool Ledger::overdue(std::size_t running, bool hurry, Now now) const {
    const bool pressing = pressed_ || config_.commit_share * urgent_.size() >= running;
    if (!urgent_.empty() && pressing) return true;
    if (hurry && (!urgent_.empty() || !lazy_.empty() || forgotten_at_)) return true;
    if (now.steady < spaced()) return false;
    const auto since = now.steady - config_.commit_lazy;
    return !urgent_.empty() || (!lazy_.empty() && lazy_.front()->books.lazy_at <= since) ||
           (forgotten_at_ && *forgotten_at_ <= since);
}

std::optional<Commit> Ledger::next(SessionTable& sessions, std::size_t running, bool hurry,
                                   Now now) {
    if (!durable() || under_way_) return std::nullopt;
    if (retry_at_ && pause_ > milliseconds(0) && now.steady < *retry_at_) return std::nullopt;
    const bool probe = retry_at_ && now.steady >= *retry_at_;
    if (!probe && !overdue(running, hurry, now)) return std::nullopt;

    Commit commit;
    while (!urgent_.empty()) take(*urgent_.front(), commit, now);
    const auto since = now.steady - config_.commit_lazy;
    while (!lazy_.empty() && (hurry || lazy_.front()->books.lazy_at <= since)) {
        take(*lazy_.front(), commit, now);
    }
    for (const auto& id : sessions_) {
        const Session* session = sessions.find(id);
        assert(session);
        commit.sessions.push_back(session_row(*session, now));
    }
    flying_sessions_.assign(sessions_.begin(), sessions_.end());
    sessions_.clear();
    commit.forgotten_turns = forgotten_turns_;
    flying_forgotten_turns_ = std::exchange(forgotten_turns_, {});
    commit.forgotten_sessions.assign(forgotten_sessions_.begin(), forgotten_sessions_.end());
    flying_forgotten_sessions_ = commit.forgotten_sessions;
    forgotten_sessions_.clear();
    forgotten_at_.reset();
    meters_.commit_bytes.observe(static_cast<double>(commit.bytes()));
    meters_.commit_turns.observe(static_cast<double>(commit.turns.size()));
    pressed_ = false;
    began_at_ = now.steady;
    under_way_ = true;
    return commit;
}

void Ledger::take(Turn& turn, Commit& into, Now now) {
    auto& books = turn.books;
    unmark(turn);
    const auto last = turn.log.last();
    const bool runs = turn.state == TurnState::running;
    const auto reserved = std::max(last + (runs ? config_.reserved_numbers : 0), turn.maybe_told);
    into.turns.push_back(turn_row(turn, reserved, !books.stored, now));
    add_event_rows(turn, books.last, into.events);
    // Once the commit is stored the former reservation is gone, and nobody can tell when that is.
    books.reserved = std::min(books.reserved, reserved);
    books.hold_flying = std::exchange(books.hold, Books::nothing);
    books.flying = true;
    const Lease* lease = turn.lease;
    flying_.push_back(
        {&turn, last, reserved, lease ? lease->id : 0, lease ? lease->next_ordinal - 1 : 0});
}

std::vector<Turn*> Ledger::stored(bool low, Now now) {
    assert(under_way_);
    under_way_ = false;
    ++counters_.commits;
    meters_.commit.observe(now.steady - began_at_);
    refuses_ = low;
    pause_ = milliseconds(0);
    retry_at_.reset();
    if (low) retry_at_ = now.steady + config_.commit_retry_max;

    std::vector<Turn*> turns;
    turns.reserve(flying_.size());
    for (const Flying& flying : flying_) {
        auto& books = flying.turn->books;
        if (!std::exchange(books.stored, true)) ++counters_.accepted;
        books.flying = false;
        books.last = flying.last;
        books.reserved = flying.reserved;
        books.hold_flying = Books::nothing;
        Lease* lease = flying.turn->lease;
        if (lease && lease->id == flying.lease) lease->stored = flying.said;
        turns.push_back(flying.turn);
    }
    flying_.clear();
    std::sort(turns.begin(), turns.end(),
              [](const Turn* one, const Turn* other) { return one->order < other->order; });
    return turns;
}

std::vector<Turn*> Ledger::failed(Now now) {
    assert(under_way_);
    under_way_ = false;
    ++counters_.commits_failed;
    refuses_ = true;
    pause_ = std::clamp(2 * pause_, config_.commit_retry_min, config_.commit_retry_max);
    retry_at_ = now.steady + pause_;

    for (const Flying& flying : flying_) {
        auto& books = flying.turn->books;
        books.flying = false;
        books.hold = std::min(books.hold, std::exchange(books.hold_flying, Books::nothing));
        urgent(*flying.turn);
    }
    flying_.clear();
    for (auto& id : flying_sessions_) {
        if (!forgotten_sessions_.contains(id)) sessions_.insert(std::move(id));
    }
    // What came back meanwhile is not to be forgotten after all.
    for (auto& id : flying_forgotten_sessions_) {
        if (!sessions_.contains(id)) forgotten_sessions_.insert(std::move(id));
    }
    forgotten_turns_.insert(forgotten_turns_.end(), flying_forgotten_turns_.begin(),
                            flying_forgotten_turns_.end());
    if (!forgotten_turns_.empty() || !forgotten_sessions_.empty()) forgotten_at_ = now.steady;

    std::vector<Turn*> never;
    for (Turn* turn : urgent_) {
        if (!turn->books.stored) never.push_back(turn);
    }
    return never;
}

std::optional<TimePoint> Ledger::due() const {
    if (!durable() || under_way_) return std::nullopt;
    if (retry_at_ && pause_ > milliseconds(0)) return retry_at_;
    std::optional<TimePoint> at = retry_at_;
    const auto earlier = [&](TimePoint other) {
        other = std::max(other, spaced());
        at = at ? std::min(*at, other) : other;
    };
    if (!urgent_.empty()) earlier(spaced());
    if (!lazy_.empty()) earlier(lazy_.front()->books.lazy_at + config_.commit_lazy);
    if (forgotten_at_) earlier(*forgotten_at_ + config_.commit_lazy);
    return at;
}

}  // namespace emostage::broker
