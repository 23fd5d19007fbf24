// What one gateway makes of one turn's events, by the rules of PROTOCOL.md and by nothing else.
//
// Events may be lost or come twice; they come in the order in which they were published. What
// breaks a promise to the gateway is written to violations().
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "schemas/event.hpp"

namespace emostage::broker::test {

class ReplyView {
public:
    void take(const wire::Event& event);  // one with a number

    std::uint64_t applied() const { return pieces_.empty() ? 0 : pieces_.back().last; }
    bool ended() const { return !pieces_.empty() && wire::is_end(pieces_.back().event.body); }
    // Something is missing: resume after applied().
    bool behind() const { return !later_.empty() || uncut_; }
    std::string text() const;  // of the deltas since the last reset
    const std::vector<std::string>& violations() const { return violations_; }

private:
    struct Piece {
        std::uint64_t first, last;
        wire::Event event;
    };
    bool apply(const wire::Event& event);
    void check_end(const wire::Event& event);

    std::vector<Piece> pieces_;                   // without a hole
    std::map<std::uint64_t, wire::Event> later_;  // after a hole, by their first number
    bool uncut_ = false;
    std::vector<std::string> violations_;
};

}  // namespace emostage::broker::test
