// A broker among gateways and workers that lose, delay and repeat messages, die, hang, reconnect
// and misbehave; all from one seed, in simulated time.
//
// First chaos, then everything heals and is given time; then violations() says what did not hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "tests/broker/support/checker.hpp"
#include "tests/broker/support/reply_view.hpp"

namespace emostage::broker::test {

struct Chaos {  // in thousandths, of messages or of occasions
    int event_lost = 80, command_lost = 50, output_lost = 10, to_worker_lost = 5;
    int worker_dies = 6, worker_hangs = 6, worker_reconnects = 8, worker_drains = 4;
    int turn_returned = 10, bad_end = 30, endless_run = 20, too_long = 10;

    static Chaos none() { return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; }
};

class World : public Outputs {
public:
    World(std::uint64_t seed, Chaos chaos);
    ~World() override;

    void run();

    const std::vector<std::string>& violations() const { return violations_; }
    const Checker& checker() const { return checker_; }
    Counters counters() const { return broker_.snapshot(now_).counters; }

    void publish(std::string_view gateway, const wire::Event& event) override;
    void send(const Route& route, const wire::ToWorker& message) override;
    void commit(Commit) override {}  // not asked for: nothing is durable here

private:
    friend class SimGateway;
    friend class SimWorker;

    void after(milliseconds delay, std::function<void()> action);
    void run_until(TimePoint end);
    void check_end();
    void check_bounds();
    bool all_done() const;

    std::uint64_t random(std::uint64_t below) { return random_() % below; }
    bool chance(int thousandths) { return random(1000) < static_cast<std::uint64_t>(thousandths); }
    milliseconds delay(std::uint64_t below_ms) { return milliseconds(random(below_ms)); }
    void violated(std::string what) { violations_.push_back(std::move(what)); }

    static Config config();

    std::mt19937_64 random_;
    Chaos chaos_;
    Now now_;
    Checker checker_;
    Broker broker_;
    std::map<std::pair<TimePoint, std::uint64_t>, std::function<void()>> actions_;
    std::uint64_t numbered_ = 0;
    std::map<std::string, std::unique_ptr<class SimGateway>> gateways_;
    std::vector<std::unique_ptr<class SimWorker>> workers_;
    std::vector<std::string> turns_;  // all that were ever opened
    bool healed_ = false;
    std::vector<std::string> violations_;
};

}  // namespace emostage::broker::test
