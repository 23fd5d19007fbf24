// What a turn's calls send: preamble, transcript and instruction of each stage, and the JSON body
// around them.
#include <benchmark/benchmark.h>

#include <map>
#include <stdexcept>
#include <string>

#include "bench/gate/messages.hpp"
#include "bench/gate/words.hpp"
#include "core/llm/request_body.hpp"
#include "worker/pipeline/output.hpp"
#include "worker/run/turn_prompts.hpp"

namespace emostage::micro {
namespace {

using worker::TurnPrompts;

std::shared_ptr<const worker::Pipeline> pipeline() {
    static const auto pipelines =
        worker::load_pipelines(EMOSTAGE_SOURCE_DIR "/schemas/pipelines").value();
    return pipelines.at("emostage");
}

// The turn's number chooses its language: 0 English, 1 Japanese.
wire::Lease lease(std::size_t turn, std::size_t utterances) {
    auto lease = gate::a_lease(turn, "emostage");
    const auto six = lease.history;
    while (lease.history.size() < utterances) {
        lease.history.insert(lease.history.end(), six.begin(), six.end());
    }
    lease.history.resize(utterances);
    return lease;
}

wire::Lease lease_of(const benchmark::State& state) {
    return lease(static_cast<std::size_t>(state.range(0)),
                 static_cast<std::size_t>(state.range(1)));
}

TurnPrompts after_analyses(const wire::Lease& lease) {
    TurnPrompts prompts(pipeline(), lease, {});
    const auto& words = gate::words_of(lease.lease - 1);
    const auto& stages = pipeline()->stages;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        if (stages[i].streams) continue;
        const bool phase = stages[i].name == "phase";
        auto output =
            worker::read_output(stages[i].output, phase ? words.phase : words.perspective);
        if (!output.valid()) throw std::logic_error("an analysis does not fit the pipeline");
        prompts.add_result(i, std::move(output));
    }
    return prompts;
}

// Once a turn.
void render_preamble_and_transcript(benchmark::State& state) {
    const auto turn = lease_of(state);
    for (auto _ : state) {
        const TurnPrompts prompts(pipeline(), turn, {});
        benchmark::DoNotOptimize(&prompts);
    }
}

// Of one stage, once a call; its values are made with the first and kept, but for the reply's.
void render_user_message(benchmark::State& state, std::size_t stage) {
    auto prompts = after_analyses(lease_of(state));
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto message = prompts.user_message(stage, {});
        bytes = message.size();
        benchmark::DoNotOptimize(message.data());
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}

void write_request_body(benchmark::State& state) {
    auto prompts = after_analyses(lease_of(state));
    llm::ChatRequest request;
    request.shared_prefix = prompts.preamble();
    request.user = prompts.user_message(pipeline()->reply, {});
    request.stream = true;
    llm::EndpointConfig endpoint;
    endpoint.model = "Qwen/Qwen2.5-7B-Instruct";
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto body = llm::request_body(request, endpoint);
        bytes = body.size();
        benchmark::DoNotOptimize(body.data());
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"language", "utterances"})->ArgsProduct({{0, 1}, {6, 40}});
}

BENCHMARK(render_preamble_and_transcript)->Apply(sizes);
BENCHMARK_CAPTURE(render_user_message, perspective, 0)->Apply(sizes);
BENCHMARK_CAPTURE(render_user_message, reply, pipeline()->reply)->Apply(sizes);
BENCHMARK(write_request_body)->Apply(sizes);

}  // namespace
}  // namespace emostage::micro
