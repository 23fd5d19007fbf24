#include "broker/broker.hpp"

#include <algorithm>

#include "broker/intake.hpp"
#include "broker/lifecycle.hpp"
#include "broker/link.hpp"
#include "broker/recovery.hpp"
#include "broker/state.hpp"

namespace emostage::broker {
namespace {

Config with_told_retention(Config config) {
    config.limits.retention_ms = static_cast<std::uint64_t>(config.retention.count());
    return config;
}

}  // namespace

struct Broker::Impl {
    Impl(Config config, Restored restored, Outputs& outputs, Now now)
        : state(with_told_retention(std::move(config)), restored.broker, restored.start, outputs),
          last(now) {
        recover(state, lifecycle, std::move(restored), now);
    }

    // Every input: `work`, then what can be leased because of it, then what is to be stored of it.
    template <class Work>
    void input(Now now, Work&& work) {
        // The workers' timers alone call each beat. If nobody did, the process stood still, and
        // what the workers said meanwhile still waits to be read: they are not lost for that.
        if (state.workers.size() > 0 && now.steady - last.steady > 2 * state.config.beat) {
            state.workers.excuse(now.steady - last.steady);
        }
        last = now;
        work();
        lifecycle.dispatch(now);
        auto commit = state.ledger.next(state.sessions, running(), state.draining, now);
        if (commit) state.outputs.commit(std::move(*commit));
    }

    std::size_t running() const { return state.deadlines.size() - state.waiting.size(); }

    void committed(const Committed& committed, Now now);

    void tick(Now now);
    bool forget_one(Now now);

    State state;
    Lifecycle lifecycle{state};
    Intake intake{state, lifecycle};
    Link link{state, lifecycle};
    Now last;
};

void Broker::Impl::committed(const Committed& committed, Now now) {
    if (committed.result == Committed::Result::stored) {
        for (Turn* turn : state.ledger.stored(committed.low, now)) lifecycle.stored(*turn, now);
    } else {
        if (committed.result == Committed::Result::full) ++state.meters.commits_full;
        for (Turn* turn : state.ledger.failed(now)) lifecycle.drop(*turn, now);
    }
}

void Broker::Impl::tick(Now now) {
    std::size_t left = state.config.tick_steps_max;
    const auto take = [&](std::size_t steps) { left -= std::min(left, steps); };
    while (left && link.step(now)) take(1);
    while (left) {
        Turn* turn = state.deadlines.due(now.steady);
        if (!turn) break;
        lifecycle.expire(*turn, now);
        take(1);
    }
    while (left) {
        const auto steps = state.fanout.step(now);
        if (!steps) break;
        take(steps);
    }
    while (left) {
        const auto steps = intake.replay_waiting(now);
        if (!steps) break;
        take(steps);
    }
    while (left && forget_one(now)) take(1);
}

bool Broker::Impl::forget_one(Now now) {
    if (Turn* turn = state.retention.overdue(now.steady)) {
        lifecycle.forget(*turn, now);
        return true;
    }
    return state.sessions.forget_overdue(now);
}

Broker::Broker(Config config, Restored restored, Outputs& outputs, Now now)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(restored), outputs, now)) {}
Broker::~Broker() = default;

void Broker::on(wire::Open open, Now now) {
    impl_->input(now, [&] { impl_->intake.on(std::move(open), now); });
}
void Broker::on(const wire::Cancel& cancel, Now now) {
    impl_->input(now, [&] { impl_->intake.on(cancel, now); });
}
void Broker::on(const wire::Resume& resume, Now now) {
    impl_->input(now, [&] { impl_->intake.on(resume, now); });
}
void Broker::on(const codec::BadCommand& bad, Now now) {
    impl_->input(now, [&] { impl_->intake.on(bad, now); });
}
void Broker::on(const Subscribed& subscribed, Now now) {
    impl_->input(now, [&] { impl_->intake.on(subscribed, now); });
}
void Broker::on(FromWorker&& from, Now now) {
    impl_->input(now, [&] { impl_->link.on(from, now); });
}
void Broker::on(const Unreachable& gone, Now now) {
    impl_->input(now, [&] { impl_->link.on(gone, now); });
}
void Broker::on(Probe, Now now) {
    impl_->input(now, [&] { impl_->link.probe(); });
}
void Broker::on(const Committed& committed, Now now) {
    impl_->input(now, [&] { impl_->committed(committed, now); });
}
void Broker::on(Tick, Now now) {
    impl_->input(now, [&] { impl_->tick(now); });
}
void Broker::on(Drain, Now now) {
    impl_->input(now, [&] { impl_->state.draining = true; });
}

std::optional<TimePoint> Broker::next_time() const {
    const auto& state = impl_->state;
    if (impl_->lifecycle.dispatch_unfinished()) return impl_->last.steady;
    std::optional<TimePoint> at;
    const auto earlier = [&at](std::optional<TimePoint> next) {
        if (next && (!at || *next < *at)) at = next;
    };
    earlier(state.workers.next());
    earlier(state.deadlines.next());
    earlier(state.fanout.next());
    earlier(state.replays.next());
    earlier(state.retention.next());
    earlier(state.sessions.next());
    earlier(state.ledger.due());
    return at;
}

Snapshot Broker::snapshot(Now now) const {
    const auto& state = impl_->state;
    Snapshot seen;
    seen.queued = state.admission.queued();
    seen.running = impl_->running();
    seen.kept = state.retention.turns();
    seen.sessions = state.sessions.size();
    seen.kept_bytes = state.retention.bytes();
    seen.queued_bytes = state.admission.bytes();
    if (const auto oldest = state.waiting.next())
        seen.oldest_queued_ms = to_ms(now.steady - *oldest);
    seen.queued_by_gateway.assign(state.admission.queued_by_gateway().begin(),
                                  state.admission.queued_by_gateway().end());
    for (const Worker* worker : state.workers.all()) {
        if (!worker->registered) continue;  // it is awaited
        seen.workers.push_back({worker->name, worker->slots,
                                static_cast<std::uint32_t>(worker->leases.size()), worker->draining,
                                worker->admin});
    }
    seen.counters = state.counters;
    seen.meters = state.meters;
    seen.draining = state.draining;
    seen.unstored = state.ledger.unstored();
    seen.replays_waiting = state.replays.waiting();
    seen.takes_turns = !state.ledger.refuses();
    return seen;
}

}  // namespace emostage::broker
