#include "worker/link/link.hpp"

#include <algorithm>

namespace emostage::worker {

Link::Link(LinkConfig config, LinkOutputs& outputs)
    : config_(std::move(config)), outputs_(outputs) {}

void Link::on(Start, TimePoint now) {
    started_ = true;
    say_ready(now);
}

void Link::say_ready(TimePoint now) {
    outputs_.send(wire::Ready{config_.worker, config_.instance, config_.slots, config_.pipelines});
    next_beat_ = now + config_.ready_every;
}

void Link::on(wire::ToWorker message, TimePoint now) {
    if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
        // Another broker's state knows nothing of these leases: nobody waits for what they would
        // say.
        if (!broker_.empty() && broker_ != welcome->broker) fence("another broker");
        broker_ = welcome->broker;
        beat_every_ = std::max(welcome->beat, milliseconds(1));
        fence_after_ = std::max(welcome->fence, beat_every_);
        registered_ = true;
        confirmed_ = now;
        unconfirmed_.clear();
        beat(now);
    } else if (auto* lease = std::get_if<wire::Lease>(&message)) {
        take(std::move(*lease));
    } else if (const auto* stop = std::get_if<wire::Stop>(&message)) {
        if (running_.contains(stop->lease)) {
            if (stop->fenced) running_.erase(stop->lease);
            outputs_.stop_run(stop->lease, stop->fenced, stop->reason);
        }
    } else if (const auto* ack = std::get_if<wire::BeatAck>(&message)) {
        confirm(ack->number);
    } else if (std::holds_alternative<wire::Register>(message)) {
        registered_ = false;
        say_ready(now);
    }
}

void Link::confirm(std::uint64_t number) {
    while (!unconfirmed_.empty() && unconfirmed_.front().first <= number) {
        confirmed_ = std::max(confirmed_, unconfirmed_.front().second);
        unconfirmed_.pop_front();
    }
}

void Link::take(wire::Lease lease) {
    const auto known =
        std::find(config_.pipelines.begin(), config_.pipelines.end(), lease.pipeline);
    if (running_.contains(lease.lease)) return;
    if (draining_ || running_.size() >= config_.slots || known == config_.pipelines.end()) {
        const char* reason = draining_                          ? "draining"
                             : known == config_.pipelines.end() ? "unknown_pipeline"
                                                                : "no_slot";
        outputs_.send(wire::Return{lease.lease, reason});
        return;
    }
    running_.emplace(lease.lease, lease.turn);
    outputs_.start_run(std::move(lease));
}

void Link::on(RunEnded ended, TimePoint) { running_.erase(ended.lease); }

void Link::on(Drain, TimePoint now) {
    if (draining_) return;
    draining_ = true;
    drain_ends_ = now + config_.drain;
    if (registered_) beat(now);
}

void Link::on(Tick, TimePoint now) {
    if (!started_) return;
    if ((registered_ || !running_.empty()) && now >= confirmed_ + fence_after_) {
        // The broker has given, or will give, these turns to somebody else.
        fence("not confirmed");
        registered_ = false;
        say_ready(now);
    }
    if (draining_ && now >= drain_ends_) hand_back_all("draining");
    if (now >= next_beat_) {
        if (registered_) {
            beat(now);
        } else {
            say_ready(now);
        }
    }
}

void Link::beat(TimePoint now) {
    wire::Beat message;
    message.instance = config_.instance;
    message.number = ++beats_;
    message.draining = draining_;
    message.leases.reserve(running_.size());
    for (const auto& [lease, turn] : running_) message.leases.push_back(lease);
    outputs_.send(message);
    unconfirmed_.emplace_back(beats_, now);
    if (unconfirmed_.size() > unconfirmed_beats_max) unconfirmed_.pop_front();
    next_beat_ = now + beat_every_;
}

void Link::fence(const std::string& reason) {
    const auto leases = std::move(running_);
    running_.clear();
    for (const auto& [lease, turn] : leases) outputs_.stop_run(lease, true, reason);
}

void Link::hand_back_all(const std::string& reason) {
    const auto leases = std::move(running_);
    running_.clear();
    for (const auto& [lease, turn] : leases) {
        outputs_.stop_run(lease, true, reason);
        outputs_.send(wire::Return{lease, reason});
    }
}

std::optional<TimePoint> Link::next_time() const {
    if (!started_) return std::nullopt;
    auto next = next_beat_;
    if (registered_ || !running_.empty()) next = std::min(next, confirmed_ + fence_after_);
    if (draining_ && !running_.empty()) next = std::min(next, drain_ends_);
    return next;
}

}  // namespace emostage::worker
