// What a store would have: commits applied one by one, and what a start finds.
#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "broker/journal.hpp"

namespace emostage::broker::test {

class Disk {
public:
    void apply(Commit commit) {
        for (auto& row : commit.turns) {
            auto& kept = turns_[row.order];
            if (kept.turn.empty() && !row.request) throw std::runtime_error("no request");
            if (!row.request) row.request = std::move(kept.request);
            kept = std::move(row);
        }
        for (auto& row : commit.events) {
            const auto key = std::pair(row.order, row.first);
            if (!events_.emplace(key, std::move(row)).second) throw std::runtime_error("twice");
        }
        for (auto& row : commit.sessions) sessions_[row.session] = std::move(row);
        for (const auto order : commit.forgotten_turns) {
            turns_.erase(order);
            events_.erase(events_.lower_bound({order, 0}), events_.lower_bound({order + 1, 0}));
        }
        for (const auto& session : commit.forgotten_sessions) sessions_.erase(session);
    }

    Stored open() {
        Stored stored;
        stored.broker = "b1";
        stored.start = ++starts_;
        for (const auto& [order, row] : turns_) stored.turns.push_back(row);
        for (const auto& [key, row] : events_) stored.events.push_back(row);
        for (const auto& [id, row] : sessions_) stored.sessions.push_back(row);
        std::stable_sort(stored.sessions.begin(), stored.sessions.end(),
                         [](auto& a, auto& b) { return a.changed_ms < b.changed_ms; });
        return stored;
    }

    std::size_t turns() const { return turns_.size(); }
    std::size_t sessions() const { return sessions_.size(); }
    std::size_t event_rows() const { return events_.size(); }

private:
    std::uint64_t starts_ = 0;
    std::map<std::uint64_t, TurnRow> turns_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, EventsRow> events_;
    std::map<std::string, SessionRow> sessions_;
};

}  // namespace emostage::broker::test
