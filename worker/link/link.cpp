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
    outputs_.send(wire::Ready{config_.worker, config_.instance, config_.slots, config_.pipelines,
                              config_.admin});
    next_beat_ = now + config_.ready_every;
}

void Link::on(wire::ToWorker message, TimePoint now) {
    if (const auto* welcomed = std::get_if<wire::Welcome>(&message)) {
        welcome(*welcomed, now);
    } else if (auto* lease = std::get_if<wire::Lease>(&message)) {
        take(std::move(*lease));
    } else if (const auto* stop = std::get_if<wire::Stop>(&message)) {
        const auto held = held_.find(stop->lease);
        if (held == held_.end()) return;
        const bool runs = !held->second.ended;
        if (stop->fenced) release(held);
        if (runs && stop->fenced) ++counters_.fenced;
        if (runs) outputs_.stop_run(stop->lease, stop->fenced, stop->reason);
    } else if (const auto* ack = std::get_if<wire::BeatAck>(&message)) {
        confirm(ack->number);
    } else if (const auto* kept = std::get_if<wire::Kept>(&message)) {
        for (const auto& [lease, ordinal] : kept->leases) keep(lease, ordinal);
    } else if (const auto* resend = std::get_if<wire::Resend>(&message)) {
        say_again(resend->lease, resend->ordinal);
    } else if (std::holds_alternative<wire::Register>(message)) {
        registered_ = false;
        say_ready(now);
    }
}

void Link::welcome(const wire::Welcome& welcome, TimePoint now) {
    // Another broker's state knows nothing of these leases: nobody waits for what they would say.
    if (!broker_.empty() && broker_ != welcome.broker) fence("another broker");
    broker_ = welcome.broker;
    beat_every_ = std::max(welcome.beat, milliseconds(1));
    fence_after_ = std::max(welcome.fence, beat_every_);
    registered_ = true;
    ++counters_.registrations;
    confirmed_ = now;
    unconfirmed_.clear();
    welcome_ = welcome.number;
    for (const auto& [lease, held] : held_) say_from(held, held.said.first());
    beat(now);  // says that this was all
}

// Behind a new connection may be a new broker: it has to say who it is, and until then what is said
// waits among the unkept.
void Link::on(Connection connection, TimePoint now) {
    if (!started_) return;
    registered_ = false;
    if (connection.up) {
        say_ready(now);
    } else {
        next_beat_ = std::min(next_beat_, now + config_.ready_every);
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
    if (held_.contains(lease.lease)) return;
    const bool full = running_ >= config_.slots || held_.size() >= leases_max;
    if (draining_ || full || known == config_.pipelines.end()) {
        const char* reason = draining_                          ? "draining"
                             : known == config_.pipelines.end() ? "unknown_pipeline"
                                                                : "no_slot";
        ++counters_.returned;
        outputs_.send(wire::Return{lease.lease, reason});
        return;
    }
    ++counters_.leases;
    held_.emplace(lease.lease, Held{Unkept(lease.lease)});
    ++running_;
    outputs_.start_run(std::move(lease));
}

// --- what runs say -------------------------------------------------------------------------

void Link::on(Said said, TimePoint) {
    const auto found = held_.find(said.lease);
    if (found == held_.end() || found->second.ended) return;
    auto& held = found->second;
    const auto first = held.said.said() + 1;
    const auto before = held.said.bytes();
    bool room = true;
    for (auto& event : said.events) room = room && held.said.add(std::move(event));
    unkept_bytes_ += held.said.bytes() - before;
    if (!room || unkept_bytes_ > unkept_bytes_max) {
        // The broker stores nothing, and what was said must stay as it is.
        hand_back(said.lease, "unkept");
        return;
    }
    if (said.ended) {
        held.ended = true;
        --running_;
    }
    if (registered_) say_from(held, first);
    if (held.ended && held.said.all_kept()) release(found);
}

void Link::say_from(const Held& held, std::uint64_t ordinal) {
    while (ordinal <= held.said.said()) {
        auto output = held.said.batch(ordinal);
        ordinal += output.events.size();
        outputs_.send(std::move(output));
    }
}

void Link::keep(wire::LeaseId lease, std::uint64_t ordinal) {
    const auto found = held_.find(lease);
    if (found == held_.end()) return;
    auto& held = found->second;
    const auto before = held.said.bytes();
    held.said.keep(ordinal);
    unkept_bytes_ -= before - held.said.bytes();
    if (held.ended && held.said.all_kept()) release(found);
}

void Link::say_again(wire::LeaseId lease, std::uint64_t ordinal) {
    const auto found = held_.find(lease);
    if (found != held_.end() && found->second.said.can_say_from(ordinal)) {
        ++counters_.said_again;
        say_from(found->second, ordinal);
    } else {
        // Fenced, never seen, or already forgotten on the broker's word: this run cannot be made
        // whole any more.
        hand_back(lease, "forgotten");
    }
}

std::size_t Link::unkept_events() const {
    std::size_t events = 0;
    for (const auto& [lease, held] : held_) events += held.said.events();
    return events;
}

void Link::release(HeldLeases::iterator held) {
    unkept_bytes_ -= held->second.said.bytes();
    if (!held->second.ended) --running_;
    held_.erase(held);
}

void Link::hand_back(wire::LeaseId lease, const std::string& reason) {
    if (const auto found = held_.find(lease); found != held_.end()) {
        const bool runs = !found->second.ended;
        release(found);
        if (runs) outputs_.stop_run(lease, true, reason);
    }
    ++counters_.returned;
    outputs_.send(wire::Return{lease, reason});
}

void Link::fence(const std::string& reason) {
    while (!held_.empty()) {
        const auto lease = held_.begin()->first;
        const bool runs = !held_.begin()->second.ended;
        release(held_.begin());
        if (runs) ++counters_.fenced;
        if (runs) outputs_.stop_run(lease, true, reason);
    }
}

// --- beats and drain -----------------------------------------------------------------------

void Link::on(Drain, TimePoint now) {
    if (draining_) return;
    draining_ = true;
    drain_ends_ = now + config_.drain;
    if (registered_) beat(now);
}

void Link::on(Tick, TimePoint now) {
    if (!started_) return;
    if ((registered_ || !held_.empty()) && now >= confirmed_ + fence_after_) {
        // The broker has given, or will give, these turns to somebody else.
        fence("not confirmed");
        registered_ = false;
        say_ready(now);
    }
    if (draining_ && now >= drain_ends_) {
        // Also those that have ended: whether their end was heard is not known.
        while (!held_.empty()) hand_back(held_.begin()->first, "draining");
    }
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
    message.welcome = welcome_;
    message.leases.reserve(held_.size());
    for (const auto& [lease, held] : held_) message.leases.push_back(lease);
    outputs_.send(std::move(message));
    unconfirmed_.emplace_back(beats_, now);
    if (unconfirmed_.size() > unconfirmed_beats_max) unconfirmed_.pop_front();
    next_beat_ = now + beat_every_;
}

std::optional<TimePoint> Link::next_time() const {
    if (!started_) return std::nullopt;
    auto next = next_beat_;
    if (registered_ || !held_.empty()) next = std::min(next, confirmed_ + fence_after_);
    if (draining_ && !held_.empty()) next = std::min(next, drain_ends_);
    return next;
}

}  // namespace emostage::worker
