// What happened, for people: one line each, printed when a seed is replayed. Never message text.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "tests/sim/timeline.hpp"

namespace emostage::sim {

class History {
public:
    History(const Timeline& timeline, bool kept) : timeline_(timeline), kept_(kept) {}

    bool kept() const { return kept_; }

    // `line` makes the text, and is asked only when somebody will read it.
    template <class Line>
    void note(const std::string& who, Line&& line) {
        if (!kept_) return;
        char at[32];
        std::snprintf(at, sizeof at, "%9.3f ", milliseconds_now() / 1000.0);
        lines_.push_back(at + who + ": " + line());
    }

    const std::vector<std::string>& lines() const { return lines_; }

private:
    double milliseconds_now() const {
        return std::chrono::duration<double, std::milli>(timeline_.now().time_since_epoch())
            .count();
    }

    const Timeline& timeline_;
    bool kept_;
    std::vector<std::string> lines_;
};

}  // namespace emostage::sim
