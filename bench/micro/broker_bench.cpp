// The broker's core: numbering and fan-out of deltas, batches of events for gateways, dispatch from
// long queues.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>

#include "bench/gate/messages.hpp"
#include "bench/gate/script.hpp"
#include "bench/micro/lone_broker.hpp"
#include "broker/shell/event_batches.hpp"

namespace emostage::micro {
namespace {

// As many as a turn may have: then comes the next turn, and is not measured.
constexpr std::uint64_t deltas_of_a_turn = 4096, ordinals_of_a_turn = deltas_of_a_turn + 1;
const std::string token = " Sundays";

// One delta of a run to the events for `gateways`; `encoded`: to the message for each of them.
void number_and_fan_out(benchmark::State& state) {
    const auto gateways = static_cast<std::size_t>(state.range(0));
    const bool encoded = state.range(1) != 0;
    LoneBroker broker({}, 1);
    broker::EventBatches batches("0123456789abcdef");
    std::uint64_t messages = 0;
    const auto send = [&](std::string_view, std::string_view body) {
        ++messages;
        benchmark::DoNotOptimize(body.data());
    };
    std::size_t turn = 0;
    std::uint64_t ordinal = ordinals_of_a_turn, told = 0;
    std::string text;
    for (std::uint64_t i = 0; i < deltas_of_a_turn; ++i) text += token;
    LoneBroker::Leased leased;
    const auto next_turn = [&] {
        if (leased.id != 0) broker.say(leased.id, ordinal + 1, {gate::a_completion(text)});
        auto open = gate::an_open(++turn);
        open.session = "session";
        const auto id = open.turn;
        broker.open(std::move(open));
        for (std::size_t i = 1; i < gateways; ++i) {
            broker.resume({"other-" + std::to_string(i), id, 0});
        }
        leased = broker.take_lease();
        broker.say(leased.id, ordinal = 1, {wire::Started{"worker-0"}});
    };
    for (auto _ : state) {
        if (ordinal == ordinals_of_a_turn) {
            state.PauseTiming();
            next_turn();
            state.ResumeTiming();
        }
        const auto before = broker.published();
        broker.publish_into(encoded ? &batches : nullptr);
        broker.say(leased.id, ++ordinal, {wire::Delta{token, 0}});
        broker.publish_into(nullptr);
        batches.flush(send);
        told += broker.published() - before;
    }
    const auto expected = gateways * static_cast<std::uint64_t>(state.iterations());
    if (told != expected || messages != (encoded ? expected : 0))
        state.SkipWithError("a delta was not told to all");
}
BENCHMARK(number_and_fan_out)->ArgNames({"gateways", "encoded"})->ArgsProduct({{1, 4, 16}, {0, 1}});

// Deltas of as many turns that are ready in one turn of the loop, to one gateway's message.
void batch_events(benchmark::State& state) {
    const auto ready = static_cast<std::size_t>(state.range(0));
    std::vector<wire::Event> events;
    for (std::size_t i = 0; i < ready; ++i) {
        events.push_back({gate::turn_id(i), gate::session_id(i), 12, 1, gate::start_of_time.unix_ms,
                          wire::Delta{token, 0}});
    }
    broker::EventBatches batches("0123456789abcdef");
    std::size_t messages = 0;
    for (auto _ : state) {
        for (const auto& event : events) batches.add("gateway-0", event);
        batches.flush([&](std::string_view, std::string_view body) {
            ++messages;
            benchmark::DoNotOptimize(body.data());
        });
    }
    if (messages != static_cast<std::size_t>(state.iterations()))
        state.SkipWithError("they were not one message");
    state.counters["per_event"] = benchmark::Counter(
        static_cast<double>(ready),
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(batch_events)->ArgName("ready")->Arg(1)->Arg(8)->Arg(64);

// A broker in which so many turns wait, of four gateways and each in a session of its own. Made
// once: a benchmark leaves it as long as it was.
class LongQueue {
public:
    static LongQueue& of(std::size_t turns) {
        static std::map<std::size_t, std::unique_ptr<LongQueue>> made;
        auto& queue = made[turns];
        if (!queue) queue = std::make_unique<LongQueue>(turns);
        return *queue;
    }

    explicit LongQueue(std::size_t turns) : broker_(config(turns), 1) {
        for (std::size_t i = 0; i <= turns; ++i) open("session-" + std::to_string(i));
        running_ = broker_.take_lease();
    }

    // The running turn ends, the next one is leased, and its session has one more to say.
    void step() {
        const auto over = std::move(running_);
        broker_.say(over.id, 1, {wire::Started{"worker-0"}, gate::a_completion("")});
        running_ = broker_.take_lease();
        open(over.session);
    }

    bool runs() const { return running_.id != 0; }
    std::uint64_t queued() const { return broker_.snapshot().queued; }

private:
    static broker::Config config(std::size_t turns) {
        broker::Config config;
        config.queued_turns_max = config.queued_turns_per_gateway_max = turns + 1;
        config.kept_turns_max = 1'000;
        config.deadline_default =
            std::chrono::hours(1'000);  // with the clock, the rate stands still
        return config;
    }

    void open(std::string session) {
        wire::Open open;
        open.turn = gate::turn_id(++turns_);
        open.gateway = gate::gateway_id(turns_);
        open.session = std::move(session);
        open.text = "I could not sleep again.";
        open.history.emplace();  // none, and its session keeps none: turns are alike
        broker_.open(std::move(open));
    }

    LoneBroker broker_;
    LoneBroker::Leased running_;
    std::size_t turns_ = 0;
};

void end_dispatch_and_open(benchmark::State& state) {
    const auto turns = static_cast<std::size_t>(state.range(0));
    auto& queue = LongQueue::of(turns);
    for (auto _ : state) queue.step();
    if (!queue.runs() || queue.queued() != turns) state.SkipWithError("the queue is not as it was");
}
BENCHMARK(end_dispatch_and_open)->ArgName("queued")->Arg(100)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace emostage::micro
