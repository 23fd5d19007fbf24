// Each message of the hot path, encoded and decoded, with all its checks.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/gate/messages.hpp"
#include "bench/gate/script.hpp"
#include "core/codec/codec.hpp"

namespace emostage::micro {
namespace {

constexpr std::size_t turn = 0;  // English, with six utterances of history
constexpr std::size_t together = 64;

template <class Message, class Encode>
void encode(benchmark::State& state, const Message& message, Encode encode) {
    std::size_t bytes = 0;
    for (auto _ : state) {
        const std::string encoded = encode(message);
        bytes = encoded.size();
        benchmark::DoNotOptimize(encoded.data());
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}

template <class Decode>
void decode(benchmark::State& state, const std::string& encoded, Decode decode) {
    if (!decode(encoded)) return state.SkipWithError("it cannot be decoded");
    for (auto _ : state) {
        const auto decoded = decode(encoded);
        benchmark::DoNotOptimize(&decoded);
    }
    state.counters["bytes"] = static_cast<double>(encoded.size());
}

const auto decode_command = [](const std::string& bytes) { return codec::decode_command(bytes); };
const auto decode_events = [](const std::string& bytes) { return codec::decode_events(bytes); };
const auto decode_to_worker = [](const std::string& bytes) {
    return codec::decode_to_worker(bytes);
};
const auto decode_from_worker = [](const std::string& bytes) {
    return codec::decode_from_worker(bytes);
};

wire::Command open() { return gate::an_open(turn); }
wire::ToWorker lease() { return gate::a_lease(turn, "emostage"); }
wire::ToWorker kept() {
    wire::Kept kept;
    for (wire::LeaseId lease = 1; lease <= together; ++lease) kept.leases.emplace_back(lease, 40);
    return kept;
}
wire::FromWorker delta_output() { return wire::Output{7, 12, {wire::Delta{" Sundays", 0}}}; }
wire::FromWorker stage_output() { return wire::Output{7, 2, {gate::a_perspective(turn)}}; }
wire::FromWorker end_output() { return wire::Output{7, 69, {gate::a_completion("all of it")}}; }

wire::EventBatch deltas(std::size_t count) {
    wire::EventBatch batch{"0123456789abcdef", {}};
    for (std::size_t i = 0; i < count; ++i) {
        batch.events.push_back({gate::turn_id(i), gate::session_id(i), 12, 1,
                                gate::start_of_time.unix_ms, wire::Delta{" Sundays", 0}});
    }
    return batch;
}
wire::EventBatch end() {
    return {"0123456789abcdef",
            {{gate::turn_id(turn), gate::session_id(turn), 69, 1, gate::start_of_time.unix_ms,
              gate::a_completion("all of it").completed}}};
}

std::string encode_batch(const wire::EventBatch& batch) { return codec::encode_events(batch); }

BENCHMARK_CAPTURE(encode, command_open, open(), codec::encode_command);
BENCHMARK_CAPTURE(decode, command_open, codec::encode_command(open()), decode_command);
BENCHMARK_CAPTURE(encode, to_worker_lease, lease(), codec::encode_to_worker);
BENCHMARK_CAPTURE(decode, to_worker_lease, codec::encode_to_worker(lease()), decode_to_worker);
BENCHMARK_CAPTURE(encode, to_worker_kept_64, kept(), codec::encode_to_worker);
BENCHMARK_CAPTURE(decode, to_worker_kept_64, codec::encode_to_worker(kept()), decode_to_worker);
BENCHMARK_CAPTURE(encode, from_worker_delta, delta_output(), codec::encode_from_worker);
BENCHMARK_CAPTURE(decode, from_worker_delta, codec::encode_from_worker(delta_output()),
                  decode_from_worker);
BENCHMARK_CAPTURE(encode, from_worker_stage, stage_output(), codec::encode_from_worker);
BENCHMARK_CAPTURE(decode, from_worker_stage, codec::encode_from_worker(stage_output()),
                  decode_from_worker);
BENCHMARK_CAPTURE(encode, from_worker_end, end_output(), codec::encode_from_worker);
BENCHMARK_CAPTURE(decode, from_worker_end, codec::encode_from_worker(end_output()),
                  decode_from_worker);
BENCHMARK_CAPTURE(encode, event_delta, deltas(1), encode_batch);
BENCHMARK_CAPTURE(decode, event_delta, codec::encode_events(deltas(1)), decode_events);
BENCHMARK_CAPTURE(encode, event_delta_64, deltas(together), encode_batch);
BENCHMARK_CAPTURE(decode, event_delta_64, codec::encode_events(deltas(together)), decode_events);
BENCHMARK_CAPTURE(encode, event_end, end(), encode_batch);
BENCHMARK_CAPTURE(decode, event_end, codec::encode_events(end()), decode_events);

}  // namespace
}  // namespace emostage::micro
