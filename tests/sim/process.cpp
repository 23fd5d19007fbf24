#include "tests/sim/process.hpp"

#include <cassert>

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::int64_t unix_epoch_ms = 1'700'000'000'000;

}  // namespace

Process::Process(Context& context, std::string name) : context_(context), name_(std::move(name)) {}

Now Process::now() const {
    const auto world = context_.timeline.now();
    return {world + steady_offset_,
            unix_epoch_ms + to_ms(world.time_since_epoch()) + wall_skew_.count()};
}

void Process::start() {
    assert(!alive_);
    alive_ = true;
    stopped_ = settling_ = timer_missed_ = false;
    ++life_;
    steady_offset_ = std::chrono::hours(1 + context_.random.below(1000));
    armed_.reset();
    inbox_.clear();
    context_.history.note(name_, [] { return "starts"; });
    on_start();
    settle_soon();
}

void Process::kill() {
    if (!alive_) return;
    context_.history.note(name_, [] { return "is killed"; });
    alive_ = stopped_ = false;
    ++life_;
    ++arming_;
    inbox_.clear();
    on_kill();
}

void Process::stop() {
    if (!reachable()) return;
    context_.history.note(name_, [] { return "is stopped"; });
    stopped_ = true;
}

void Process::wake() {
    if (!alive_ || !stopped_) return;
    context_.history.note(name_, [] { return "wakes"; });
    stopped_ = false;
    const auto life = life_;
    const auto timer = [&] {
        if (!std::exchange(timer_missed_, false) || life != life_) return;
        on_timer();
    };
    const bool timer_first = context_.random.chance(500);
    if (timer_first) timer();
    while (life == life_ && !stopped_ && !inbox_.empty()) {
        const auto input = std::move(inbox_.front());
        inbox_.pop_front();
        input();
    }
    if (!timer_first) timer();
    if (life == life_) settle_soon();
}

void Process::deliver(std::function<void()> input) {
    if (!alive_) return;
    if (stopped_) {
        inbox_.push_back(std::move(input));
        return;
    }
    input();
    settle_soon();
}

void Process::settle_soon() {
    if (settling_ || !alive_) return;
    settling_ = true;
    context_.timeline.after(0ms, [this, life = life_] {
        if (life == life_) settle_now();
    });
}

void Process::settle_now() {
    settling_ = false;
    if (stopped_) return;  // done when it wakes
    const auto life = life_;
    settle();
    if (life == life_) arm();  // else it has ended itself
}

void Process::arm() {
    auto next = next_time();
    if (next) *next -= steady_offset_;
    if (next == armed_) return;
    armed_ = next;
    ++arming_;
    if (!next) return;
    context_.timeline.at(*next, [this, arming = arming_] {
        if (arming != arming_) return;
        armed_.reset();
        if (stopped_) {
            timer_missed_ = true;
            return;
        }
        on_timer();
        settle_soon();
    });
}

}  // namespace emostage::sim
