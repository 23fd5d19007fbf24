#include "bench/load/bench.hpp"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>

#include "bench/load/progress.hpp"
#include "bench/load/tally.hpp"
#include "bench/load/usage.hpp"

namespace emostage::load {

namespace {

// It is the time that ends a measurement.
constexpr std::uint64_t turns_without_end = std::uint64_t{1} << 62;

double ms(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
Duration duration(double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Bench::Bench(Options options)
    : options_(std::move(options)),
      signals_(loop_, SIGINT, SIGTERM, SIGHUP),
      draw_timer_(loop_),
      terminal_(::isatty(STDERR_FILENO) != 0) {
    wait_for_signal();
}

void Bench::wait_for_signal() {
    signals_.async_wait([this](const asio::error_code& error, int) {
        if (error) return;
        interrupted_ = true;
        if (running_ != nullptr) running_->stop();
        wait_for_signal();
    });
}

Result<std::vector<Row>> Bench::run() {
    std::ofstream out;
    if (!options_.out.empty()) {
        out.open(options_.out, std::ios::app);
        if (!out) return fail(Errc::io, options_.out + ": cannot be written");
    }
    std::vector<Row> rows;
    for (const double load : options_.loads) {
        auto row = measure(load);
        if (!row) return tl::unexpected(row.error());
        if (interrupted_) break;
        if (out.is_open()) {
            out << to_json(*row) << std::endl;
            if (!out) return fail(Errc::io, options_.out + ": cannot be written");
        }
        std::fprintf(stderr, "%s\n", outcome_line(*row).c_str());
        rows.push_back(std::move(*row));
    }
    return rows;
}

Result<Row> Bench::measure(double load) {
    if (!options_.start) return measure_load(load, nullptr);
    SystemWish wish = options_.system;
    wish.in_flight =
        options_.mode == Mode::closed ? static_cast<std::size_t>(load) : options_.slots;
    auto system = StartedSystem::start(wish, [this] {
        loop_.poll();
        return interrupted_;
    });
    if (!system) return tl::unexpected(system.error());
    auto row =
        options_.mode == Mode::idle ? measure_idle(**system) : measure_load(load, system->get());
    if (const std::string dead = (*system)->dead(); !dead.empty() && row) {
        return fail(Errc::unavailable, "ended while it was measured: " + dead);
    }
    return row;
}

Row Bench::row_of(double load) const {
    const Pace& pace = options_.system.pace;
    Row row;
    row.label = options_.label;
    row.mode = name(options_.mode);
    if (options_.mode == Mode::open) {
        row.rhythm = options_.rhythm == Rhythm::poisson ? "poisson" : "people";
    }
    row.state = !options_.start ? "unknown" : options_.system.journal ? "journal" : "memory";
    row.command = options_.command;
    row.commit = options_.commit;
    row.load = load;
    row.seconds = options_.seconds;
    row.first_token_ms = ms(pace.first_token);
    row.between_tokens_ms = ms(pace.between_tokens);
    row.reply_tokens = static_cast<double>(pace.reply_tokens);
    row.ideal_ms = ms(pace.ideal_first());
    row.at_unix = static_cast<double>(std::time(nullptr));
    return row;
}

Plan Bench::plan_of(double load) const {
    const Pace& pace = options_.system.pace;
    Plan plan;
    plan.turns = turns_without_end;
    plan.between_tokens = pace.between_tokens;
    plan.reply_tokens = options_.far_end == FarEnd::unknown ? 0 : pace.reply_tokens;
    plan.cancels = options_.cancel_percent / 100;
    plan.cancel_tokens_max = std::clamp<std::uint64_t>(pace.reply_tokens / 2, 1, cancel_tokens_max);
    plan.seed = options_.system.seed;
    if (options_.mode == Mode::closed) {
        plan.in_flight = static_cast<std::size_t>(load);
        plan.ramp = plan.settles = pace.ideal_turn();
    } else {
        plan.in_flight = in_flight_max;
        plan.settles = std::max<Duration>(pace.ideal_turn(), settle_min);
        plan.arrivals.emplace(options_.rhythm, load, options_.system.seed);
    }
    plan.lasts = plan.settles + duration(options_.seconds);
    return plan;
}

Plan Bench::warmup_of(double load) const {
    const auto wanted =
        options_.mode == Mode::closed ? static_cast<std::size_t>(load) : options_.slots;
    Plan plan;
    plan.turns = turns_without_end;
    plan.in_flight = std::min(wanted, warmup_in_flight_max);
    plan.lasts = warmup;
    return plan;
}

Result<Row> Bench::measure_load(double load, StartedSystem* system) {
    Connection connection = options_.connection;
    if (system != nullptr) {
        connection.commands = system->commands();
        connection.events = system->events();
    }
    zmq::context_t context;
    gateway::Client client(loop_, context, client_config(connection, in_flight_max),
                           gateway::system_random());
    if (auto started = client.start(); !started) return tl::unexpected(started.error());
    const ReplyScript script(options_.far_end, options_.token_bytes);
    const auto run = [&](GatewayLoad& loading, const Plan& plan, const char* what) {
        running_ = &loading;
        draw(std::string(what) + std::string(name(options_.mode)) + " " +
                 std::to_string(static_cast<long>(load)),
             loading, Clock::now(), *plan.lasts);
        loading.run(*plan.lasts + options_.system.pace.ideal_turn() + drain_max);
        running_ = nullptr;
        draw_timer_.cancel();
        if (terminal_) std::fputs(no_line, stderr);
    };

    const Plan warm = warmup_of(load);
    GatewayLoad first(loop_, client, connection, warm, script);
    run(first, warm, "warming up for ");
    if (!interrupted_ && first.meter().completed == 0) {
        return fail(Errc::unavailable,
                    "no turn of the warm-up was completed: " + codes_of(first.meter()));
    }

    if (system != nullptr) {
        for (const auto& process : system->processes()) reset_peak(process.pid);
    }
    const Plan plan = plan_of(load);
    const auto damaged = [&client] { return client.undecodable() + client.counters().rereads; };
    const std::uint64_t damaged_before = damaged();
    GatewayLoad measured(loop_, client, connection, plan, script);
    Row row = row_of(load);
    const Snapshot before = snapshot(system);
    run(measured, plan, "");
    const Snapshot after = snapshot(system);
    const Meter& meter = measured.meter();

    put_meter(row, meter, options_.seconds);
    row.violations =
        static_cast<double>(meter.lost + meter.out_of_order + damaged() - damaged_before);
    if (system != nullptr) {
        put_usage(row, *system, before, after, meter);
        if (meter.cancelled > 0) put_cancels(row, *system, measured);
    }
    return row;
}

Result<Row> Bench::measure_idle(StartedSystem& system) {
    wait(idle_settle);
    Row row = row_of(0);
    for (const auto& process : system.processes()) reset_peak(process.pid);
    const Snapshot before = snapshot(&system);
    const TimePoint begun = Clock::now();
    wait(duration(options_.seconds));
    put_idle(row, system, before, snapshot(&system), Clock::now() - begun);
    return row;
}

void Bench::wait(Duration time) {
    const TimePoint end = Clock::now() + time;
    loop_.restart();
    while (!interrupted_ && Clock::now() < end) {
        if (loop_.run_one_until(end) == 0 && loop_.stopped()) break;
    }
}

void Bench::draw(const std::string& what, const GatewayLoad& load, TimePoint begun,
                 Duration whole) {
    if (!terminal_) return;
    draw_timer_.expires_after(draw_every);
    draw_timer_.async_wait([this, what, &load, begun, whole](const asio::error_code& error) {
        if (error || running_ != &load) return;
        const std::string line =
            progress_line({what, Clock::now() - begun, whole, load.meter().completed,
                           load.in_flight(), load.meter().rejected});
        std::fputs(line.c_str(), stderr);
        draw(what, load, begun, whole);
    });
}

}  // namespace emostage::load
