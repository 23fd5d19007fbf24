// The numbered events of one turn as they left the broker, over all of its lives: each number one
// content, no hole, one end and nothing after it, a completed reply that is what was shown.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "schemas/event.hpp"

namespace emostage::sim {

class Published {
public:
    // What does not hold; empty: all does.
    std::vector<std::string> take(const wire::Event& event);

    std::uint64_t last() const { return pieces_.empty() ? 0 : pieces_.rbegin()->second.last; }
    bool accepted() const { return !pieces_.empty(); }
    bool ended() const { return ended_; }
    const std::string& text() const { return text_; }
    std::uint64_t continued() const { return continued_; }  // how often another attempt went on
    std::uint64_t voided() const { return voided_; }        // numbers

private:
    struct Piece {
        std::uint64_t first, last;
        std::uint32_t attempt;
        wire::EventBody body;
        bool torn = false;  // its end was declared void
    };

    void add(std::uint64_t first, wire::Event event);
    void void_from(std::uint64_t first);
    void compare(std::uint64_t first, const wire::Event& event);
    void wrong(const std::string& what) { wrong_.push_back(what); }

    std::map<std::uint64_t, Piece> pieces_;  // by first number; without a hole
    std::string text_;                       // of the deltas since the last reset
    std::uint32_t text_attempt_ = 0;
    std::uint64_t continued_ = 0, voided_ = 0;
    bool ended_ = false;
    std::vector<std::string> wrong_;
};

// What is wrong with a `completed` after this text; empty: nothing.
std::string judge(const std::string& turn, const wire::Completed& completed,
                  const std::string& text);

}  // namespace emostage::sim
