// What one run has said and the broker has not stored yet: its events under their ordinals, so that
// each can be said again as it was.
//
// Pure; owned by Link; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "schemas/limits.hpp"
#include "schemas/link.hpp"

namespace emostage::worker {

class Unkept {
public:
    static constexpr std::size_t events_max = 65'536;
    static constexpr std::size_t bytes_max = 4u * 1024 * 1024;
    // Of one message. Sizes are estimates from above: a batch stays below wire::message_bytes_max,
    // and an event that is larger by itself goes alone.
    static constexpr std::size_t batch_bytes_max = 512u * 1024;
    static constexpr std::size_t batch_events_max = wire::events_per_batch_max;

    explicit Unkept(wire::LeaseId lease) : lease_(lease) {}

    // False: there is no room for it, and nothing has changed.
    bool add(wire::RunEvent event);

    // Forgets the events up to and with `ordinal`.
    void keep(std::uint64_t ordinal);

    std::uint64_t first() const { return kept_ + 1; }              // ordinal of the oldest here
    std::uint64_t said() const { return kept_ + events_.size(); }  // ordinal of the last; 0: none
    bool all_kept() const { return events_.empty(); }
    std::size_t bytes() const { return bytes_; }
    std::size_t events() const { return events_.size(); }

    // Whether all from `ordinal` on can be said again: it is not forgotten, and no later than what
    // comes next.
    bool can_say_from(std::uint64_t ordinal) const {
        return ordinal > kept_ && ordinal <= said() + 1;
    }

    // The next message from `ordinal` on; without events: there is nothing more. Requires:
    // can_say_from(ordinal).
    wire::Output batch(std::uint64_t ordinal) const;

private:
    // Nearly all are deltas, a hundred of them in a second of a reply: those take no more than they
    // need.
    struct Kept {
        std::string delta;                      // where there is no other
        std::unique_ptr<wire::RunEvent> other;  // but a delta
        std::size_t bytes;

        wire::RunEvent event() const { return other ? *other : wire::Delta{delta, 0}; }
    };

    wire::LeaseId lease_;
    std::uint64_t kept_ = 0;  // ordinal of the last that was stored
    std::size_t bytes_ = 0;
    std::deque<Kept> events_;
};

}  // namespace emostage::worker
