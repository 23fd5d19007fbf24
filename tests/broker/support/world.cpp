#include "tests/broker/support/world.hpp"

#include "tests/broker/support/scene.hpp"
#include "tests/broker/support/sim_gateway.hpp"
#include "tests/broker/support/sim_worker.hpp"

namespace emostage::broker::test {
namespace {

constexpr auto chaos_lasts = 12s;
constexpr auto healing_lasts_at_most = 120s;
constexpr std::size_t queued_max = 25, sessions_max = 12;
constexpr std::uint64_t slots = 3 + 2 + 1;  // of all workers
constexpr std::uint64_t steps_between_looks = 16;
constexpr std::uint64_t steps_max = 500'000;  // of one run: more is a broker that spins

}  // namespace

Config World::config() {
    Config config;
    config.limits.reply_bytes = 500;
    config.replay_delta_bytes = 40;
    config.queued_turns_max = queued_max;
    config.queued_turns_per_gateway_max = 12;
    config.queued_turns_per_session_max = 5;
    config.deadline_default = 20s;
    config.askers_per_turn_max = 3;
    config.beacon_turns_max = 4;
    config.grants_max = 3;
    config.tick_steps_max = 5;
    config.session_utterances_max = 6;
    config.sessions_max = sessions_max;
    config.session_retention = 700s;
    return config;
}

World::World(std::uint64_t seed, Chaos chaos)
    : random_(seed),
      chaos_(chaos),
      now_{TimePoint(1h), 1'700'000'000'000},
      broker_(config(), empty_state("b"), *this, now_) {}
World::~World() = default;

void World::after(milliseconds delay, std::function<void()> action) {
    actions_.emplace(std::pair(now_.steady + delay, ++numbered_), std::move(action));
}

void World::publish(std::string_view gateway, const wire::Event& event) {
    const std::string name(gateway);
    checker_.published(name, event);
    if (chance(chaos_.event_lost)) return;
    after(1ms, [this, name, event] {
        if (const auto found = gateways_.find(name); found != gateways_.end())
            found->second->take(event);
    });
}

void World::send(const Route& route, const wire::ToWorker& message) {
    checker_.sent(message);
    for (auto& worker : workers_) {
        if (worker->route() == route && worker->reachable()) return worker->take(message);
    }
    after(0ms, [this, route] { broker_.on(Unreachable{route}, now_); });
}

void World::run() {
    for (const auto* name : {"g1", "g2", "g3", "g4"}) {
        gateways_[name] = std::make_unique<SimGateway>(*this, name);
        broker_.on(Subscribed{name}, now_);
    }
    workers_.push_back(
        std::make_unique<SimWorker>(*this, "w1", 3, std::vector<std::string>{"emostage"}));
    workers_.push_back(
        std::make_unique<SimWorker>(*this, "w2", 2, std::vector<std::string>{"emostage", "base"}));
    workers_.push_back(
        std::make_unique<SimWorker>(*this, "w3", 1, std::vector<std::string>{"base"}));
    for (auto& worker : workers_) after(delay(500), [&worker] { worker->start(); });

    const auto start = now_.steady;
    std::function<void(SimGateway&)> act = [&](SimGateway& gateway) {
        if (healed_) return;
        gateway.act();
        after(delay(500), [&act, &gateway] { act(gateway); });
    };
    std::function<void()> mend = [&] {
        for (auto& [name, gateway] : gateways_) gateway->mend();
        after(250ms, mend);
    };
    std::function<void()> live = [&] {
        if (healed_) return;
        for (auto& worker : workers_) worker->live();
        after(100ms, live);
    };
    for (auto& [name, gateway] : gateways_) act(*gateway);
    mend();
    live();
    run_until(start + chaos_lasts);

    healed_ = true;
    chaos_ = Chaos::none();
    const auto healed_at = now_.steady;
    while (!all_done() && now_.steady < healed_at + healing_lasts_at_most) {
        run_until(now_.steady + 1s);
    }
    run_until(now_.steady + 20s);  // beacons of what ended fade
    check_end();
}

void World::run_until(TimePoint end) {
    for (std::uint64_t steps = 0; steps < steps_max; ++steps) {
        auto next = end;
        if (!actions_.empty()) next = std::min(next, actions_.begin()->first.first);
        const auto wanted = broker_.next_time();
        if (wanted) next = std::min(next, std::max(*wanted, now_.steady));
        now_.unix_ms += to_ms(next - now_.steady);
        now_.steady = next;
        if (steps % steps_between_looks == 0) check_bounds();
        if (!actions_.empty() && actions_.begin()->first.first <= next) {
            const auto action = std::move(actions_.begin()->second);
            actions_.erase(actions_.begin());
            action();
        } else if (wanted && *wanted <= next) {
            broker_.on(Tick{}, now_);
        } else {
            return;
        }
    }
    violated("the broker spins");
}

bool World::all_done() const {
    for (const auto& [name, gateway] : gateways_) {
        if (!gateway->done()) return false;
    }
    const auto seen = broker_.snapshot(now_);
    return seen.queued == 0 && seen.running == 0;
}

void World::check_bounds() {
    const auto seen = broker_.snapshot(now_);
    for (const auto& worker : seen.workers) {
        if (worker.running > worker.slots) violated(worker.worker + ": more leases than slots");
    }
    // What was leased may come back to a queue that has filled up meanwhile; a worker that died may
    // still be held for alive beside its successor.
    if (seen.queued > queued_max + 2 * slots) violated("too many turns queued");
    if (seen.sessions > sessions_max) violated("too many sessions");
}

void World::check_end() {
    checker_.finish();
    for (auto& [name, gateway] : gateways_) gateway->check();
    violations_.insert(violations_.end(), checker_.violations().begin(),
                       checker_.violations().end());

    const auto seen = broker_.snapshot(now_);
    if (seen.queued || seen.running || seen.queued_bytes || !seen.queued_by_gateway.empty()) {
        violated("something is left in the queue");
    }
    for (const auto& worker : seen.workers) {
        if (worker.running) violated(worker.worker + ": holds a lease that nobody needs");
    }
    if (seen.counters.accepted != checker_.accepted() || seen.kept != checker_.accepted() ||
        seen.counters.completed != checker_.ended("completed") ||
        seen.counters.failed != checker_.ended("failed") ||
        seen.counters.cancelled != checker_.ended("cancelled")) {
        violated("the counters say something else than the events");
    }
    actions_.clear();  // workers are silent from here, and found lost
    run_until(now_.steady + std::max(config().retention, config().session_retention));
    const auto after = broker_.snapshot(now_);
    if (after.kept || after.kept_bytes || after.sessions) violated("something is kept for ever");
}

}  // namespace emostage::broker::test
