// A program of the simulation: it can be killed and started, stopped and woken, and has clocks of
// its own. Its loop is a shell's: inputs as they come, one timer, and `settle` when nothing else is
// ready.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "tests/sim/context.hpp"

namespace emostage::sim {

class Process {
public:
    Process(Context& context, std::string name);
    virtual ~Process() = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    const std::string& name() const { return name_; }
    bool alive() const { return alive_; }
    bool stopped() const { return stopped_; }
    bool reachable() const { return alive_ && !stopped_; }
    std::uint64_t life() const { return life_; }

    void start();
    void kill();
    void stop();
    void wake();  // what came meanwhile comes in one heap, before or after the timer
    void set_wall_clock(milliseconds by) { wall_skew_ += by; }

    // Something has arrived: handled now, when it wakes, or never (it is dead, or another by then).
    void deliver(std::function<void()> input);

    // By its own clocks: a steady one that starts anywhere, a wall clock that people set.
    Now now() const;

protected:
    virtual void on_start() = 0;
    virtual void on_kill() = 0;  // forget everything
    virtual void on_timer() = 0;
    virtual std::optional<TimePoint> next_time() const = 0;  // by its own clock
    virtual void settle() {}                                 // the end of a loop turn

    // After an input that did not come by deliver().
    void settle_soon();

    Context& context_;

private:
    void settle_now();
    void arm();

    std::string name_;
    bool alive_ = false, stopped_ = false;
    std::uint64_t life_ = 0;
    Duration steady_offset_{};
    milliseconds wall_skew_{0};
    std::deque<std::function<void()>> inbox_;  // while it is stopped
    bool settling_ = false, timer_missed_ = false;
    std::optional<TimePoint> armed_;  // by the world's clock
    std::uint64_t arming_ = 0;
};

}  // namespace emostage::sim
