#include "bench/gate/broker_script.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/gate/broker_host.hpp"
#include "bench/gate/event_reader.hpp"
#include "bench/gate/messages.hpp"
#include "bench/gate/words.hpp"
#include "core/codec/codec.hpp"

namespace emostage::gate {
namespace {

constexpr std::size_t workers = 2;
constexpr milliseconds beat{1'000};

class BrokerScript {
public:
    BrokerScript(const Script& script, bool durable) : script_(script), host_(config(durable)) {}

    Result<Counts> run() {
        for (std::size_t i = 0; i < gateways; ++i) host_.subscribed(gateway_id(i));
        for (std::size_t i = 0; i < workers; ++i) add_worker(i);
        for (std::size_t wave = 0; wave < waves; ++wave) {
            if (!open(wave * in_flight)) return fail(Errc::internal, "turns were not leased");
            analyse();
            reply();
            complete();
            if (!running_.empty() || held() > 0)
                return fail(Errc::internal, "leases are not over at the end of their wave");
        }
        auto counts = reader_.result();
        if (counts) counts->tokens = tokens_;
        return counts;
    }

private:
    struct Worker {
        std::string name, route;
        std::vector<wire::LeaseId> leases;
        std::uint64_t beats = 0, welcome = 0;
    };
    struct Running {
        std::size_t turn = 0, worker = 0;
        wire::LeaseId lease = 0;
        std::uint64_t said = 0;  // events
        rehearsal::Tokens tokens;
        bool ended = false;
    };

    static broker::Config config(bool durable) {
        broker::Config config;
        config.durable = durable;
        return config;
    }

    void add_worker(std::size_t i) {
        const auto name = "worker-" + std::to_string(i);
        workers_.push_back({name, "route-" + std::to_string(i), {}, 0, 0});
        wire::Ready ready{name, name + "-instance", in_flight / workers, {"emostage"}};
        say(i, std::move(ready));
    }

    // --- what happens in a wave ---

    bool open(std::size_t first) {
        for (auto turn = first; turn < first + in_flight; ++turn) {
            host_.commanded(codec::encode_command(an_open(turn)));
            deliver();
        }
        return running_.size() == in_flight;
    }

    void analyse() {
        each([&](Running& run) { say(run, {wire::Started{workers_[run.worker].name}}); });
        advance(analysis);
        each([&](Running& run) { say(run, {a_perspective(run.turn)}); });
        each([&](Running& run) { say(run, {a_phase(run.turn)}); });
    }

    void reply() {
        for (std::size_t said = 0; said < script_.tokens; said += script_.merged) {
            advance(gap);
            std::vector<BrokerHost::Received> ready;
            each([&](Running& run) {
                std::string text;
                for (std::size_t i = said; i < said + script_.merged; ++i) text += run.tokens[i];
                tokens_ += script_.merged;
                ready.push_back(message(run, {wire::Delta{std::move(text), 0}}));
                if (script_.merged == 1) receive(ready);
            });
            if (!ready.empty()) receive(ready);
            if (said < disturbed_after && said + script_.merged >= disturbed_after) disturb();
        }
    }

    void disturb() {
        each([&](Running& run) {
            const auto gateway = gateway_id(run.turn);
            if (is_cancelled(run.turn)) {
                host_.commanded(codec::encode_command(wire::Cancel{gateway, turn_id(run.turn)}));
            } else if (is_resumed(run.turn)) {
                host_.commanded(codec::encode_command(wire::Resume{gateway, turn_id(run.turn), 0}));
            }
        });
        deliver();
        for (const auto lease : std::exchange(stopped_, {})) {
            const auto run = std::find_if(running_.begin(), running_.end(),
                                          [&](auto& one) { return one.lease == lease; });
            if (run == running_.end()) continue;
            run->ended = true;
            say(*run, {wire::Cancelled{"asked", 0}});
            running_.erase(run);
        }
    }

    void complete() {
        each([&](Running& run) {
            run.ended = true;
            say(run, {a_completion(run.tokens.text)});
        });
        running_.clear();
        advance(between_waves);
        beat_all();
    }

    // --- workers ---

    // In another order each time, but the same in every run.
    template <class Act>
    void each(Act&& act) {
        std::shuffle(running_.begin(), running_.end(), random_);
        for (Running& run : running_) act(run);
    }

    BrokerHost::Received message(Running& run, std::vector<wire::RunEvent> events) {
        const auto first = run.said + 1;
        run.said += events.size();
        return {workers_[run.worker].route,
                codec::encode_from_worker(wire::Output{run.lease, first, std::move(events)})};
    }

    void receive(std::vector<BrokerHost::Received>& ready) {
        host_.received(ready);
        ready.clear();
        deliver();
    }

    void say(Running& run, std::vector<wire::RunEvent> events) {
        std::vector<BrokerHost::Received> ready{message(run, std::move(events))};
        receive(ready);
    }
    void say(std::size_t worker, wire::FromWorker message) {
        std::vector<BrokerHost::Received> ready{
            {workers_[worker].route, codec::encode_from_worker(message)}};
        receive(ready);
    }

    void beat_all() {
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            auto& worker = workers_[i];
            wire::Beat message{worker.name + "-instance", ++worker.beats, worker.leases, false,
                               worker.welcome};
            say(i, std::move(message));
        }
        beat_at_ = host_.now().steady + beat;
    }

    void advance(Duration by) {
        host_.advance(by);
        deliver();
        if (host_.now().steady >= beat_at_) beat_all();
    }

    void deliver() {
        host_.to_workers.take([&](std::string_view route, std::string_view bytes) {
            const auto worker = std::find_if(workers_.begin(), workers_.end(),
                                             [&](auto& one) { return one.route == route; });
            const auto message = codec::decode_to_worker(bytes);
            if (worker == workers_.end() || !message) return;
            hear(*worker, *message);
        });
        host_.to_gateways.take(
            [&](std::string_view, std::string_view body) { reader_.on_message(body); });
    }

    void hear(Worker& worker, const wire::ToWorker& message) {
        if (const auto* lease = std::get_if<wire::Lease>(&message)) {
            worker.leases.push_back(lease->lease);
            const auto turn = std::stoul(lease->turn.substr(lease->turn.size() - 12));
            running_.push_back({turn, static_cast<std::size_t>(&worker - workers_.data()),
                                lease->lease, 0, reply_of(turn, script_.tokens)});
        } else if (const auto* stop = std::get_if<wire::Stop>(&message)) {
            stopped_.push_back(stop->lease);
        } else if (const auto* kept = std::get_if<wire::Kept>(&message)) {
            for (const auto& [lease, ordinal] : kept->leases) release(worker, lease);
        } else if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
            worker.welcome = welcome->number;
        }
    }

    // What is kept of a run that has ended is all of it.
    void release(Worker& worker, wire::LeaseId lease) {
        const bool runs = std::any_of(running_.begin(), running_.end(),
                                      [&](auto& one) { return one.lease == lease && !one.ended; });
        if (!runs) std::erase(worker.leases, lease);
    }

    std::size_t held() const {
        std::size_t held = 0;
        for (const auto& worker : workers_) held += worker.leases.size();
        return held;
    }

    const Script script_;
    BrokerHost host_;
    std::mt19937_64 random_{seed};
    std::vector<Worker> workers_;
    std::vector<Running> running_;
    std::vector<wire::LeaseId> stopped_;
    TimePoint beat_at_ = start_of_time.steady + beat;
    EventReader reader_;
    std::size_t tokens_ = 0;  // that were said
};

}  // namespace

Result<Counts> run_broker_script(const Script& script, bool durable) {
    return BrokerScript(script, durable).run();
}

}  // namespace emostage::gate
