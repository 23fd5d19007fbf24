#include "tests/broker/support/sim_gateway.hpp"

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {

template <class Command>
void SimGateway::push_command(Command command) {
    if (world_.chance(world_.chaos_.command_lost)) return;
    world_.after(world_.delay(5),
                 [this, command = std::move(command)] { world_.broker_.on(command, world_.now_); });
}

void SimGateway::push(const wire::Open& open) { push_command(open); }
void SimGateway::cancel(const std::string& turn) { push_command(wire::Cancel{name_, turn}); }
void SimGateway::resume(const std::string& turn, std::uint64_t after) {
    push_command(wire::Resume{name_, turn, after});
}

// --- what it does ------------------------------------------------------------------------------

void SimGateway::act() {
    const auto dice = world_.random(100);
    if (dice < 60 || world_.turns_.empty()) return open_new();
    const auto turn = world_.turns_[world_.random(world_.turns_.size())];
    if (dice < 70) {
        cancel(turn);
    } else if (dice < 85) {
        asked_[turn].tried_at = world_.now_.steady;
        resume(turn, asked_[turn].view.applied());
    } else if (dice < 90) {
        resume(turn, world_.random(20));
    } else if (dice < 95 && !asked_.contains(turn)) {
        open_conflicting(turn);
    } else {
        world_.broker_.on(codec::BadCommand{name_, "", {Errc::malformed, "cut off"}}, world_.now_);
    }
}

void SimGateway::open_new() {
    auto open = Scene::an_open(name_ + "-" + std::to_string(++opened_),
                               "s" + std::to_string(world_.random(8)), "hello", name_);
    open.pipeline = world_.chance(300) ? "base" : world_.chance(30) ? "nonesuch" : "";
    open.priority = static_cast<wire::Priority>(world_.random(3));
    if (world_.chance(250)) open.on_busy = static_cast<wire::OnBusy>(1 + world_.random(2));
    if (world_.chance(200)) open.history.emplace();
    if (world_.chance(200)) open.deadline = 100ms + world_.delay(20'000);
    world_.turns_.push_back(open.turn);
    auto& asked = asked_[open.turn];
    asked.open = open;
    asked.tried_at = world_.now_.steady;
    push(open);
    if (world_.chance(50)) push(open);
}

void SimGateway::open_conflicting(const std::string& turn) {
    push(Scene::an_open(turn, "s-other", "something else", name_));
}

// --- what it gets ------------------------------------------------------------------------------

void SimGateway::take(const wire::Event& event) {
    if (const auto* beacon = std::get_if<wire::Beacon>(&event.body)) {
        for (const auto& [turn, last] : beacon->live) {
            if (asked_[turn].view.applied() < last) resume(turn, asked_[turn].view.applied());
        }
        return;
    }
    if (std::holds_alternative<wire::Rejected>(event.body)) {
        const auto found = asked_.find(event.turn);
        if (found == asked_.end()) return;
        // Unknown after all: the open was lost, and is pushed again.
        const auto code = std::get<wire::Rejected>(event.body).code;
        if (code == Errc::unknown_turn && found->second.own()) return push(found->second.open);
        found->second.rejected = true;
        return;
    }
    if (event.seq > 0) asked_[event.turn].view.take(event);
}

void SimGateway::mend() {
    for (auto& [turn, asked] : asked_) {
        if (asked.over() || world_.now_.steady - asked.tried_at < 1s) continue;
        asked.tried_at = world_.now_.steady;
        if (asked.own() && asked.view.applied() == 0) {
            push(asked.open);
        } else {
            resume(turn, asked.view.applied());
        }
    }
}

bool SimGateway::done() const {
    for (const auto& [turn, asked] : asked_) {
        if (!asked.over()) return false;
    }
    return true;
}

void SimGateway::check() {
    for (const auto& [turn, asked] : asked_) {
        const auto who = name_ + " " + turn;
        for (const auto& violation : asked.view.violations())
            world_.violated(who + ": " + violation);
        if (!asked.over()) world_.violated(who + ": never heard the end");
        if (!asked.view.ended()) continue;
        if (asked.view.applied() != world_.checker_.last_number(turn)) {
            world_.violated(who + ": ended at another number than the broker");
        }
        if (asked.view.text() != world_.checker_.text(turn)) {
            world_.violated(who + ": shows another text than the broker said");
        }
    }
}

}  // namespace emostage::broker::test
