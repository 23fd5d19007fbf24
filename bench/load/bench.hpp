// Measures each load of a list, on a system that is started for it or on one that runs.
//
// One loop, one thread. Ctrl-C and SIGTERM end the measurement and whatever was started.
#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/gateway_load.hpp"
#include "bench/load/options.hpp"
#include "bench/load/row.hpp"
#include "bench/load/started_system.hpp"

namespace emostage::load {

class Bench {
public:
    static constexpr std::chrono::seconds drain_max{
        30};  // for turns that run when the time is over
    static constexpr milliseconds warmup{1'000};
    static constexpr std::size_t warmup_in_flight_max = 256;
    static constexpr milliseconds settle_min{1'000};  // of an open loop, before it is counted
    static constexpr milliseconds idle_settle{2'000};
    static constexpr milliseconds draw_every{100};
    // Cancelled within the first half of a reply: its server must still be speaking.
    static constexpr std::uint64_t cancel_tokens_max = 32;

    explicit Bench(Options options);

    // The rows that were measured. Errors as StartedSystem::start; Errc::unavailable where a
    // program ended by itself, or nobody answers; Errc::io where `out` cannot be written.
    Result<std::vector<Row>> run();
    bool interrupted() const { return interrupted_; }

private:
    Result<Row> measure(double load);
    Result<Row> measure_idle(StartedSystem& system);
    Result<Row> measure_load(double load, StartedSystem* system);
    Plan plan_of(double load) const;
    Plan warmup_of(double load) const;
    Row row_of(double load) const;
    void wait(Duration time);
    void draw(const std::string& what, const GatewayLoad& load, TimePoint begun, Duration whole);
    void wait_for_signal();

    Options options_;
    asio::io_context loop_{1};
    asio::signal_set signals_;
    asio::steady_timer draw_timer_;
    bool terminal_;
    bool interrupted_ = false;
    GatewayLoad* running_ = nullptr;
};

}  // namespace emostage::load
