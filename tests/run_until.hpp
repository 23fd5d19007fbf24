// Runs a loop until something has come.
#pragma once

#include <asio/io_context.hpp>

#include "core/clock.hpp"
#include "tests/patience.hpp"

namespace emostage::test {

// False when patience ended first.
template <class Done>
bool run_until(asio::io_context& loop, Done done) {
    const TimePoint until = Clock::now() + patience;
    while (!done()) {
        if (Clock::now() >= until) return false;
        loop.restart();
        loop.run_one_for(milliseconds(10));
    }
    return true;
}

}  // namespace emostage::test
