// The numbered events of one turn as they left the broker, over all of its lives: each number one
// content, no hole, one end and nothing after it, a completed reply that is what was shown.
//
// A broker that dies may have stored more than it said. Such numbers are untold until somebody
// asks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schemas/event.hpp"

namespace emostage::sim {

class Published {
public:
    // What does not hold; empty: all does.
    std::vector<std::string> take(const wire::Event& event);
    void broker_died() { may_skip_ = true; }

    std::uint64_t last() const { return pieces_.empty() ? 0 : pieces_.rbegin()->second.last; }
    bool ended() const { return ended_; }
    // Of the deltas since the last reset; nothing: some of them are untold.
    std::optional<std::string> text() const;
    std::uint64_t continued() const { return continued_; }  // how often another attempt went on
    std::uint64_t voided() const { return voided_; }        // numbers

private:
    struct Piece {
        std::uint64_t first, last;
        std::uint32_t attempt;
        wire::EventBody body;
        bool torn = false;  // its end was declared void
    };
    using Pieces = std::map<std::uint64_t, Piece>;  // by first number

    void add(std::uint64_t first, wire::Event event);
    void make_void(std::uint64_t first, std::uint64_t last);
    void compare(std::uint64_t first, const wire::Event& event);
    void compare_deltas(Pieces::iterator at, std::uint64_t first, const wire::Event& event);
    void wrong(const std::string& what) { wrong_.push_back(what); }

    Pieces pieces_;
    bool may_skip_ = false;
    std::uint32_t text_attempt_ = 0;  // of the newest delta, if none was taken back since
    std::uint64_t continued_ = 0, voided_ = 0;
    bool ended_ = false;
    std::vector<std::string> wrong_;
};

// What is wrong with a `completed` after this text; empty: nothing.
std::string judge(const std::string& turn, const wire::Completed& completed,
                  const std::string& text);

}  // namespace emostage::sim
