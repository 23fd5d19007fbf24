#include "tests/broker/support/sim_worker.hpp"

#include <algorithm>
#include <array>

#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {

SimWorker::SimWorker(World& world, std::string name, std::uint32_t slots,
                     std::vector<std::string> pipelines)
    : world_(world), name_(std::move(name)), slots_(slots), pipelines_(std::move(pipelines)) {}

// --- link --------------------------------------------------------------------------------------

void SimWorker::start() {
    alive_ = true;
    draining_ = disturbed_ = false;
    hung_until_ = {};
    runs_.clear();
    beats_ = 0;
    instance_ = name_ + "-" + std::to_string(++lives_);
    route_ = name_ + "/" + std::to_string(++connections_);
    confirmed_at_ = world_.now_.steady;
    say_ready();
    world_.after(1000ms, [this, life = lives_] { beat(life); });
}

void SimWorker::say_ready() { send(wire::Ready{name_, instance_, slots_, pipelines_}); }

// In order, by the connection that it has now; what is under way when that is cut still arrives.
void SimWorker::send(wire::FromWorker message) {
    last_out_ = std::max(last_out_, world_.now_.steady + world_.delay(5));
    const auto delay = std::chrono::duration_cast<milliseconds>(last_out_ - world_.now_.steady);
    world_.after(delay, [this, from = FromWorker{route_, std::move(message)}]() mutable {
        world_.broker_.on(std::move(from), world_.now_);
    });
}

void SimWorker::beat(std::uint64_t life) {
    if (life != lives_ || !alive_) return;
    if (!hung()) {
        if (world_.now_.steady - confirmed_at_ > 7s) runs_.clear();  // the fence
        wire::Beat beat{instance_, ++beats_, {}, draining_};
        for (const auto& [lease, run] : runs_) beat.leases.push_back(lease);
        send(std::move(beat));
    }
    world_.after(1000ms, [this, life] { beat(life); });
}

void SimWorker::take(const wire::ToWorker& message) {
    const bool lease = std::holds_alternative<wire::Lease>(message);
    if (world_.chance(world_.chaos_.to_worker_lost) && lease) {
        disturbed_ = true;
        return;
    }
    last_in_ = std::max(last_in_, world_.now_.steady + world_.delay(5));
    const auto delay = std::chrono::duration_cast<milliseconds>(last_in_ - world_.now_.steady);
    world_.after(delay, [this, message, route = route_] {
        if (route == route_) take_now(message);  // else the connection went, and this with it
    });
}

void SimWorker::take_now(const wire::ToWorker& message) {
    if (!alive_) return;
    if (hung()) {  // read when it wakes, in the same order
        const auto delay =
            std::chrono::duration_cast<milliseconds>(hung_until_ - world_.now_.steady);
        last_in_ = std::max(last_in_, hung_until_);
        world_.after(delay, [this, message, route = route_] {
            if (route == route_) take_now(message);
        });
        return;
    }
    if (const auto* lease = std::get_if<wire::Lease>(&message)) take_lease(*lease);
    if (const auto* stop = std::get_if<wire::Stop>(&message)) take_stop(*stop);
    if (const auto* resend = std::get_if<wire::Resend>(&message)) take_resend(*resend);
    if (std::holds_alternative<wire::BeatAck>(message)) confirmed_at_ = world_.now_.steady;
    if (std::holds_alternative<wire::Register>(message)) say_ready();
}

void SimWorker::take_lease(const wire::Lease& lease) {
    if (runs_.size() >= slots_ && !disturbed_)
        world_.violated(name_ + ": leased more than its slots");
    if (std::find(pipelines_.begin(), pipelines_.end(), lease.pipeline) == pipelines_.end()) {
        world_.violated(name_ + ": leased a pipeline that it does not serve");
    }
    if (draining_ || world_.chance(world_.chaos_.turn_returned)) {
        send(wire::Return{lease.lease, "drained"});
        return;
    }
    runs_[lease.lease] = {script(lease), 0};
    go_on(lease.lease);
}

void SimWorker::take_stop(const wire::Stop& stop) {
    const auto run = runs_.find(stop.lease);
    if (run == runs_.end()) return;
    if (!stop.fenced)
        send(wire::Output{stop.lease, run->second.said + 1, {wire::Cancelled{stop.reason}}});
    runs_.erase(run);
}

void SimWorker::take_resend(const wire::Resend& resend) {
    const auto run = runs_.find(resend.lease);
    if (run == runs_.end()) return;  // over: what it said last is not kept here
    const auto& [script, said] = run->second;
    if (resend.ordinal == 0 || resend.ordinal > said) return;
    const auto from = script.begin() + static_cast<std::ptrdiff_t>(resend.ordinal) - 1;
    const auto to = script.begin() + static_cast<std::ptrdiff_t>(said);
    send(wire::Output{resend.lease, resend.ordinal, {from, to}});
}

// --- runs --------------------------------------------------------------------------------------

std::vector<wire::RunEvent> SimWorker::script(const wire::Lease& lease) {
    static constexpr std::array words{"そう",  "ですか。", "我明白", "了",
                                      "That ", "sounds ",  "hard. ", "💧"};
    const auto& chaos = world_.chaos_;
    std::vector<wire::RunEvent> events{wire::Started{name_}};
    std::string text;
    if (!lease.shown.empty() && world_.chance(500)) {
        text = lease.shown;  // goes on
    } else if (!lease.shown.empty()) {
        events.push_back(wire::Reset{"worker_lost"});
    }
    if (world_.chance(500))
        events.push_back(wire::Stage{"phase", wire::StageStatus::done, {"\x80"}, 9});
    for (auto deltas = world_.random(14); deltas > 0; --deltas) {
        const std::string word = world_.chance(30) ? "" : words[world_.random(words.size())];
        text += word;
        events.push_back(delta(word));
        if (world_.chance(15)) {
            events.push_back(wire::Reset{"model_cut"});
            text.clear();
        }
    }
    if (world_.chance(chaos.too_long))
        events.push_back(delta(std::string(lease.reply_bytes_max, 'x')));
    if (world_.chance(chaos.endless_run)) return events;
    if (world_.chance(60)) {
        events.push_back(wire::Failed{Errc::model_busy, "the model is busy", true});
    } else {
        events.push_back(completed_as(world_.chance(chaos.bad_end) ? text + "!" : text, "state"));
    }
    return events;
}

void SimWorker::go_on(wire::LeaseId lease) {
    world_.after(1ms + world_.delay(60), [this, lease, life = lives_] {
        const auto found = runs_.find(lease);
        if (found == runs_.end() || life != lives_) return;
        if (hung()) return go_on(lease);
        Run& run = found->second;
        wire::Output output{lease, run.said + 1, {}};
        for (auto count = 1 + world_.random(3); count && run.said < run.script.size(); --count) {
            output.events.push_back(run.script[run.said++]);
        }
        if (output.events.empty()) return;  // an endless run is silent from here
        const bool over = run.said == run.script.size() &&
                          (std::holds_alternative<wire::RunCompleted>(run.script.back()) ||
                           std::holds_alternative<wire::Failed>(run.script.back()));
        if (over) runs_.erase(found);
        if (!world_.chance(world_.chaos_.output_lost)) send(std::move(output));
        if (!over) go_on(lease);
    });
}

// --- chaos -------------------------------------------------------------------------------------

void SimWorker::live() {
    if (!alive_) return;
    const auto& chaos = world_.chaos_;
    if (world_.chance(chaos.worker_dies)) return die();
    if (world_.chance(chaos.worker_reconnects)) return reconnect();
    if (world_.chance(chaos.worker_drains)) return drain();
    if (world_.chance(chaos.worker_hangs)) {
        hung_until_ = world_.now_.steady + 200ms + world_.delay(15'000);
        disturbed_ = true;
    }
}

void SimWorker::die() {
    alive_ = false;
    world_.after(world_.delay(3000), [this] { start(); });
}

void SimWorker::reconnect() {
    route_ = name_ + "/" + std::to_string(++connections_);
    last_out_ = last_in_ = world_.now_.steady;
    disturbed_ = true;
    if (world_.chance(300)) say_ready();
}

void SimWorker::drain() {
    draining_ = true;
    for (const auto& [lease, run] : runs_) send(wire::Return{lease, "drained"});
    runs_.clear();
    world_.after(1500ms, [this, life = lives_] {
        if (life == lives_ && alive_) die();
    });
}

}  // namespace emostage::broker::test
