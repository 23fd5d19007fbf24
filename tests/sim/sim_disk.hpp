// The broker's disk: what it has stored outlives the broker, what it has not does not. Slow, full
// or dead at the worst moment, as the faults say. Keeps the promises of broker/journal.hpp and
// checks that the broker keeps its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "broker/journal.hpp"
#include "tests/sim/process.hpp"

namespace emostage::sim {

class SimDisk {
public:
    static constexpr milliseconds commit_most{8}, slow_commit_most{150};

    explicit SimDisk(Context& context);

    // What a start finds; the commit that was under way is stored or lost.
    broker::Stored open();

    // One at a time. `done` is called in `writer`'s loop, unless that dies before.
    void apply(broker::Commit commit, Process& writer, std::function<void(broker::Committed)> done);

    // To the last byte, or to the room that is kept for turns to end in.
    void fill_up(milliseconds lasts);
    void empty() { full_until_ = low_until_ = context_.timeline.now(); }
    bool has(std::string_view turn) const { return orders_.contains(turn); }
    bool has_ended(std::string_view turn) const;
    // One that was accepted before it in its session, and has not ended.
    std::optional<std::string> predecessor(std::string_view turn) const;

private:
    bool works() const { return context_.timeline.now() >= full_until_; }
    void store(broker::Commit commit);
    void violated(const std::string& what) { context_.checker.violated("disk: " + what); }

    Context& context_;
    std::uint64_t starts_ = 0;
    std::map<std::uint64_t, broker::TurnRow> turns_;  // by order
    std::map<std::string, std::uint64_t, std::less<>> orders_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, broker::EventsRow> events_;  // order, first
    std::map<std::string, broker::SessionRow> sessions_;
    bool busy_ = false;
    std::uint64_t openings_ = 0;  // a commit of a former one no longer counts
    TimePoint full_until_{}, low_until_{};
};

}  // namespace emostage::sim
