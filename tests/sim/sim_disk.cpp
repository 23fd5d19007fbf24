#include "tests/sim/sim_disk.hpp"

#include <algorithm>

namespace emostage::sim {

using namespace std::chrono_literals;

SimDisk::SimDisk(Context& context) : context_(context) {}

broker::Stored SimDisk::open() {
    busy_ = false;
    ++openings_;
    broker::Stored stored;
    stored.broker = "b";
    stored.start = ++starts_;
    for (const auto& [order, row] : turns_) stored.turns.push_back(row);
    for (const auto& [key, row] : events_) stored.events.push_back(row);
    for (const auto& [session, row] : sessions_) stored.sessions.push_back(row);
    std::stable_sort(
        stored.sessions.begin(), stored.sessions.end(),
        [](const auto& left, const auto& right) { return left.changed_ms < right.changed_ms; });
    return stored;
}

void SimDisk::apply(broker::Commit commit, Process& writer,
                    std::function<void(broker::Committed)> done) {
    if (std::exchange(busy_, true)) violated("two commits at a time");
    auto& random = context_.random;
    const auto& faults = context_.faults;
    const bool slow = random.chance(faults.commit_slow);
    // Most of the time goes before the commit is safe; then the word travels to the loop.
    const auto safe = random.between(0ms, slow ? slow_commit_most : commit_most);
    const auto told = random.between(0ms, 2ms);
    if (random.chance(faults.killed_in_commit)) {
        const bool after = random.chance(500);
        context_.timeline.after(
            after ? safe : safe / 2, [this, &writer, life = writer.life(), after] {
                if (life != writer.life()) return;
                const auto kill = [&writer, life] {
                    if (life == writer.life()) writer.kill();
                };
                if (after) {
                    context_.timeline.after(0ms, kill);  // it is safe, and nobody was told
                } else {
                    kill();
                }
            });
    }
    context_.timeline.after(safe, [this, &writer, life = writer.life(), opening = openings_, told,
                                   commit = std::move(commit), done = std::move(done)]() mutable {
        if (life != writer.life() || opening != openings_) return;
        broker::Committed committed;
        if (works()) {
            store(std::move(commit));
            committed.low = context_.timeline.now() < low_until_;
        } else {
            committed.result = context_.random.chance(800) ? broker::Committed::Result::full
                                                           : broker::Committed::Result::failed;
        }
        context_.timeline.after(told, [this, &writer, life, done = std::move(done), committed] {
            if (life != writer.life()) return;
            writer.deliver([this, done, committed] {
                busy_ = false;
                done(committed);
            });
        });
    });
}

void SimDisk::store(broker::Commit commit) {
    for (auto& row : commit.turns) {
        auto& kept = turns_[row.order];
        if (!kept.turn.empty() && kept.turn != row.turn) violated("one order for two turns");
        if (kept.turn.empty() && !row.request) violated("a new turn without its command");
        if (!row.request) row.request = std::move(kept.request);
        if (row.request && row.request->empty()) row.request.reset();
        orders_[row.turn] = row.order;
        kept = std::move(row);
    }
    for (auto& row : commit.events) {
        if (!turns_.contains(row.order)) violated("events of no turn");
        if (row.first == 0 || row.last < row.first) violated("events without numbers");
        const auto after = events_.upper_bound({row.order, row.first});
        const bool next_overlaps = after != events_.end() && after->first.first == row.order &&
                                   after->second.first <= row.last;
        const bool last_overlaps = after != events_.begin() &&
                                   std::prev(after)->first.first == row.order &&
                                   std::prev(after)->second.last >= row.first;
        if (next_overlaps || last_overlaps) violated("events stored twice");
        events_[{row.order, row.first}] = std::move(row);
    }
    for (const auto order : commit.forgotten_turns) {
        const auto found = turns_.find(order);
        if (found == turns_.end()) continue;
        const auto named = orders_.find(found->second.turn);
        if (named->second == order) orders_.erase(named);
        turns_.erase(found);
        events_.erase(events_.lower_bound({order, 0}), events_.lower_bound({order + 1, 0}));
    }
    for (auto& row : commit.sessions) sessions_[row.session] = std::move(row);
    for (const auto& session : commit.forgotten_sessions) sessions_.erase(session);
}

void SimDisk::fill_up(milliseconds lasts) {
    const bool low = context_.random.chance(300);
    auto& until = low ? low_until_ : full_until_;
    until = std::max(until, context_.timeline.now() + lasts);
    context_.history.note("disk", [low] { return low ? "is nearly full" : "is full"; });
    context_.checker.count(low ? "disk nearly full" : "disk full");
}

std::optional<std::string> SimDisk::predecessor(std::string_view turn) const {
    const auto found = orders_.find(turn);
    if (found == orders_.end()) return std::nullopt;
    const auto& session = turns_.at(found->second).session;
    for (const auto& [order, row] : turns_) {
        if (order == found->second) break;
        if (row.session == session && row.state != broker::TurnState::ended) return row.turn;
    }
    return std::nullopt;
}

bool SimDisk::has_ended(std::string_view turn) const {
    const auto found = orders_.find(turn);
    return found != orders_.end() && turns_.at(found->second).state == broker::TurnState::ended;
}

}  // namespace emostage::sim
