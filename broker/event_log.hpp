// The numbered events of one turn, kept for replay.
//
// Numbers start at 1 and have no hole. A delta costs its text and eight bytes: runs of deltas share
// one text buffer and are replayed merged. The owner bounds it by bytes()
// (Config::turn_log_bytes_max).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/event.hpp"

namespace emostage::broker {

class EventLog {
public:
    // Both return the event's number. `body` is no Delta; a Reset voids text().
    std::uint64_t append(const wire::EventBody& body, std::uint32_t attempt, std::int64_t at_ms);
    std::uint64_t append_delta(std::string_view text, std::uint32_t attempt, std::int64_t at_ms);

    // Jumps: the event, a Reset, Failed or Cancelled, stands for all numbers up to `seq`, whatever
    // they were. Its `from` is set here.
    void append_gap(std::uint64_t seq, wire::EventBody body, std::uint32_t attempt,
                    std::int64_t at_ms);

    std::uint64_t last() const { return last_; }  // 0: none

    // All deltas since the last reset. Valid until the next append.
    std::string_view text() const { return std::string_view(text_).substr(text_begin_); }

    std::size_t bytes() const;  // of memory, about

    // Analyses that are over, in order, the newest of each stage.
    std::vector<wire::Stage> stages() const;

    // Gives every event after the number `after` up to `upto`, in order; `turn` and `session` are
    // left to `take`. Deltas that follow one another are merged up to `merge_bytes`; a single
    // larger one stays whole.
    void replay(std::uint64_t after, std::uint64_t upto, std::size_t merge_bytes,
                const std::function<void(wire::Event&)>& take) const;

    void shrink();  // nothing more is coming

private:
    struct Piece {                // one delta
        std::uint32_t end;        // of its text in text_
        std::uint32_t at_offset;  // its time in ms after base_ms_
    };
    struct Entry {  // one event or, with a Delta as body, a run of deltas
        std::uint64_t first, last;
        std::uint32_t attempt;
        std::int64_t at_ms;
        std::size_t piece;  // of a run: its first
        wire::EventBody body;
    };

    void replay_run(const Entry& run, std::uint64_t after, std::uint64_t upto,
                    std::size_t merge_bytes, const std::function<void(wire::Event&)>& take) const;
    std::uint32_t begin_of(std::size_t piece) const { return piece ? pieces_[piece - 1].end : 0; }

    std::uint64_t last_ = 0;
    std::int64_t base_ms_ = 0;
    std::vector<Entry> entries_;
    std::string text_;
    std::size_t text_begin_ = 0;
    std::vector<Piece> pieces_;
    std::size_t body_bytes_ = 0;  // on the heap, of all bodies
};

}  // namespace emostage::broker
