// What one session remembers for its next turn: a window of what was said, newest kept, and the
// packed values that its last completed turn left.
//
// Bounded by utterances and bytes of their texts; what does not fit is forgotten, oldest first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "schemas/command.hpp"
#include "schemas/packed.hpp"

namespace emostage::broker {

class SessionMemory {
public:
    struct Said {
        std::uint64_t order;  // of the turn
        wire::Utterance utterance;
    };

    // What the turn accepted as number `order` said and got; an empty `reply` is none. It is placed
    // by `order`: a turn that was cancelled in the queue ends before the one that runs ahead of it.
    void add(std::uint64_t order, std::string text, std::string reply, std::size_t utterances_max,
             std::size_t bytes_max);

    void set_state(wire::Packed state) { state_ = std::move(state); }
    const wire::Packed& state() const { return state_; }

    std::vector<wire::Utterance> utterances() const;  // oldest first
    void drop_oldest();                               // requires: !utterances().empty()

    bool empty() const { return said_.empty() && state_.bytes.empty(); }
    bool silent() const { return said_.empty(); }
    std::size_t bytes() const;  // of memory, about

    const std::vector<Said>& said() const { return said_; }  // oldest first
    // What was said once more; in order.
    void restore(std::uint64_t order, wire::Utterance utterance);

private:
    void insert(std::uint64_t order, wire::Role role, std::string text);

    std::vector<Said> said_;
    std::size_t text_bytes_ = 0;
    wire::Packed state_;
};

}  // namespace emostage::broker
