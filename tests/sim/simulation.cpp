#include "tests/sim/simulation.hpp"

#include <stdexcept>

#include "tests/sim/script.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr auto healing_lasts_at_most = 60s;
constexpr std::size_t queued_max = 40, per_session_max = 8, sessions_max = 16;
constexpr std::uint64_t slots = 3 + 2 + 2;    // of all workers
constexpr std::uint64_t steps_max = 400'000;  // of one run: more is something that spins
constexpr std::uint64_t steps_between_looks = 32;
// A zombie is found at its next beat: what was disturbed is judged again from then on.
constexpr auto calm = 3s;
constexpr auto settling = 7s;  // a broker looks every five whether there is room again
const auto fence = broker::Config().fence;

broker::Config broker_config() {
    broker::Config config;
    config.limits.deadline_ms = 40'000;
    config.limits.reply_bytes = reply_bytes_max;
    config.deadline_default = 30s;
    config.replay_delta_bytes = 48;
    config.queued_turns_max = queued_max;
    config.queued_turns_per_session_max = per_session_max;
    config.sessions_max = sessions_max;
    config.beacon_turns_max = 4;
    config.grants_max = 3;
    config.tick_steps_max = 5;
    config.session_utterances_max = 6;
    config.durable = true;
    config.reserved_numbers = 16;
    config.alerts = alerts_gateway;
    return config;
}

}  // namespace

const worker::PipelineSet& pipelines() {
    static const worker::PipelineSet loaded = [] {
        auto result = worker::load_pipelines(EMOSTAGE_SOURCE_DIR "/schemas/pipelines");
        if (!result) throw std::runtime_error(result.error().message);
        return *result;
    }();
    return loaded;
}

Simulation::Simulation(Settings settings)
    : context_(settings.seed, settings.keep_history),
      faults_(settings.faults),
      disk_(context_),
      broker_(context_, broker_config(), disk_) {
    const auto& loaded = settings.pipelines ? *settings.pipelines : pipelines();
    const std::vector<std::string> both{"emostage", "base"}, one{"emostage"};
    const SimWorker::Settings kinds[] = {{3, both, true}, {2, both, false}, {2, one, true}};
    for (const auto& kind : kinds) {
        const auto name = "w" + std::to_string(workers_.size() + 1);
        workers_.push_back(
            std::make_unique<SimWorker>(context_, name, kind, loaded, broker_, variants_));
        broker_.add_connection(workers_.back()->connection());
    }
    for (const auto* name : {"g1", "g2", "g3", "g4"}) {
        gateways_.push_back(std::make_unique<SimGateway>(context_, name, broker_, turns_));
        broker_.add_connection(gateways_.back()->commands());
        broker_.add_connection(gateways_.back()->events());
        broker_.add_gateway(name, gateways_.back()->events());
    }
    context_.checker.is_durable = [this](const std::string& turn, bool end) {
        return end ? disk_.has_ended(turn) : disk_.has(turn);
    };
    context_.checker.waits_for = [this](const std::string& turn) {
        return disk_.predecessor(turn);
    };
    broker_.on_cancel = [this](const std::string& turn) { check_cancel(turn); };
}

void Simulation::run() {
    broker_.start();
    for (auto& worker : workers_)
        context_.timeline.after(between(0ms, 400ms), [&worker] {
            if (!worker->alive()) worker->start();
        });
    for (auto& gateway : gateways_) {
        gateway->start();
        act(*gateway);
    }
    context_.faults = faults_;
    strike();
    // Long enough for leases to end by themselves, now and then.
    run_until(context_.timeline.now() + (chance(250) ? 15s : 6s));
    heal();
    const auto until = context_.timeline.now() + healing_lasts_at_most;
    while (violations().empty() && !all_done() && context_.timeline.now() < until)
        run_until(context_.timeline.now() + 500ms);
    if (violations().empty()) run_until(context_.timeline.now() + settling);
    check_end();
}

void Simulation::run_until(TimePoint end) {
    auto& timeline = context_.timeline;
    for (std::uint64_t steps = 0; steps < steps_max; ++steps) {
        if (!timeline.step(end)) return;
        if (steps % steps_between_looks == 0) check_bounds();
        if (!violations().empty()) return;
    }
    context_.checker.violated("something spins");
}

void Simulation::act(SimGateway& gateway) {
    if (healed_) return;
    gateway.act();
    context_.timeline.after(between(0ms, 1200ms), [this, &gateway] { act(gateway); });
}

// --- faults --------------------------------------------------------------------------------------

void Simulation::strike() {
    if (healed_) return;
    strike(broker_, faults_.broker_killed);
    const auto life = std::exchange(broker_life_, broker_.life());  // commits kill it too
    if (broker_life_ != life || broker_.stopped()) broker_disturbed_at_ = context_.timeline.now();
    for (auto& worker : workers_) strike(*worker);
    for (auto& gateway : gateways_) strike(*gateway);
    if (chance(faults_.disk_full)) disk_.fill_up(between(50ms, 3000ms));
    context_.timeline.after(100ms, [this] { strike(); });
}

void Simulation::strike(Process& process, int killed) {
    auto& timeline = context_.timeline;
    if (!process.alive()) {
        // Whoever killed it, somebody starts it again.
        if (chance(200)) process.start();
        return;
    }
    if (chance(killed)) {
        process.kill();
    } else if (chance(faults_.stopped)) {
        process.stop();
        const auto lasts = chance(300) ? between(5s, 13s) : between(50ms, 3s);
        timeline.after(lasts, [&process, life = process.life()] {
            if (life == process.life()) process.wake();
        });
    }
    if (chance(faults_.clock_set)) process.set_wall_clock(between(-5s, 5s));
}

void Simulation::strike(SimWorker& worker) {
    const auto life = worker.life();
    strike(worker, faults_.killed);
    auto& connection = worker.connection();
    if (chance(faults_.connection_cut)) connection.cut(chance(500));
    if (chance(faults_.half_open)) connection.go_half_open(between(200ms, 6s));
    if (worker.stopped() && chance(30)) connection.cut();  // as when its whole machine stops
    if (worker.alive() && chance(faults_.drained)) worker.drain();
    if (life != worker.life() || worker.stopped() || worker.draining() || !connection.up() ||
        !connection.healthy_since(context_.timeline.now()))
        worker.disturbed();
}

void Simulation::strike(SimGateway& gateway) {
    strike(gateway, faults_.killed);
    for (auto* connection : {&gateway.commands(), &gateway.events()}) {
        if (chance(faults_.connection_cut)) connection->cut(chance(500));
        if (chance(faults_.half_open)) connection->go_half_open(between(200ms, 6s));
    }
    if (chance(faults_.reader_slow)) {
        gateway.events().lose(700);
        context_.timeline.after(between(50ms, 2s), [&gateway] { gateway.events().lose(0); });
    }
}

void Simulation::heal() {
    healed_ = true;
    context_.history.note("world", [] { return "heals"; });
    context_.faults = Faults::none();
    disk_.empty();
    for (auto& gateway : gateways_) gateway->events().lose(0);
    mend();
    // A commit that was under way may have killed the broker meanwhile.
    context_.timeline.after(1s, [this] { mend(); });
}

void Simulation::mend() {
    std::vector<Process*> all{&broker_};
    for (auto& worker : workers_) all.push_back(worker.get());
    for (auto& gateway : gateways_) all.push_back(gateway.get());
    for (auto* process : all) {
        process->wake();
        if (!process->alive()) process->start();
    }
}

// --- what holds ----------------------------------------------------------------------------------

bool Simulation::all_done() const {
    for (const auto& gateway : gateways_) {
        if (!gateway->done()) return false;
    }
    if (!broker_.alive()) return false;
    const auto seen = broker_.snapshot();
    return seen.queued == 0 && seen.running == 0;
}

// Where all was calm, a cancel that has reached the broker closes the model's connection as fast as
// a message travels.
void Simulation::check_cancel(const std::string& turn) {
    const auto got_at = context_.timeline.now();
    context_.timeline.after(Connection::delay_max, [this, turn, got_at] {
        if (!broker_.reachable() || broker_disturbed_at_ + calm > got_at) return;
        for (const auto& worker : workers_) {
            const bool judged = worker->reachable() &&
                                worker->connection().healthy_since(got_at - calm) &&
                                worker->disturbed_at() + calm < got_at;
            if (!judged) continue;
            context_.checker.count("cancels timed");
            if (worker->calls_for(turn))
                context_.checker.violated(turn + ": cancelled, and its model goes on");
        }
    });
}

void Simulation::check_bounds() {
    for (const auto& worker : workers_) {
        // One that has just got a lease has yet to look whether it may run anything.
        if (worker->reachable() && worker->calls() > 0 && !worker->looks_now() &&
            context_.timeline.now() > worker->confirmed_at() + fence)
            context_.checker.violated(worker->name() +
                                      ": nobody confirms it, and its models go on");
    }
    if (!broker_.alive()) return;
    const auto seen = broker_.snapshot();
    for (const auto& worker : seen.workers) {
        // Runs that are over hold their leases until that is stored, as many as there are slots.
        // Without any: a start that waits for it.
        if (worker.slots && worker.running > 2 * worker.slots)
            context_.checker.violated(worker.worker + ": more leases than slots");
    }
    // What was leased may come back to a queue that has filled up meanwhile; a worker that died may
    // still be held for alive beside its successor.
    if (seen.queued > queued_max + 2 * slots) context_.checker.violated("too many turns queued");
    if (seen.sessions > sessions_max) context_.checker.violated("too many sessions");
}

void Simulation::check_end() {
    auto& checker = context_.checker;
    if (!checker.violations().empty()) return;
    checker.finish();
    if (!broker_.alive()) return checker.violated("the broker is dead");
    const auto seen = broker_.snapshot();
    broker_.count_up();
    if (seen.unstored || !seen.takes_turns) checker.violated("something is not stored");
    if (seen.queued || seen.running || seen.queued_bytes || !seen.queued_by_gateway.empty())
        checker.violated("something is left in the queue");
    for (const auto& worker : workers_) {
        if (!worker->idle()) checker.violated(worker->name() + ": runs what nobody waits for");
    }
    for (const auto& gateway : gateways_) {
        if (gateway->counters().rereads) checker.violated(gateway->name() + ": read a reply twice");
        checker.count("resumes", gateway->counters().resumes_pushed);
        checker.count("gaps", gateway->counters().gaps);
        checker.count("reconnects", gateway->counters().reconnects);
    }
}

}  // namespace emostage::sim
