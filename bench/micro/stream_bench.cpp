// A model's stream, from the bytes of its response to clean text: server-sent events, JSON,
// reasoning, UTF-8.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/gate/response.hpp"
#include "bench/gate/words.hpp"
#include "core/llm/answer_reader.hpp"

namespace emostage::micro {
namespace {

constexpr std::size_t tokens = 64, answer_bytes_max = 64 * 1024;

// `language`: 0 English, 1 Japanese, 2 Chinese. `merged`: chunks that libcurl has at once.
void read_stream(benchmark::State& state) {
    const auto language = static_cast<std::size_t>(state.range(0));
    const auto merged = static_cast<std::size_t>(state.range(1));
    const auto reply = gate::reply_of(language, tokens);
    const auto pieces = gate::streamed_response(reply, merged);
    llm::ChunkParser parser;
    llm::AnswerReader reader(parser, true, answer_bytes_max);
    std::string text, whole;
    for (auto _ : state) {
        reader.reset();
        whole.clear();
        for (const auto& piece : pieces) {
            text.clear();
            const auto fault = reader.on_body(piece, text);
            if (fault) return state.SkipWithError("the stream is refused");
            whole += text;
        }
    }
    if (whole != reply.text || !reader.done()) state.SkipWithError("its text is another one");
    state.counters["per_chunk"] = benchmark::Counter(
        tokens, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(read_stream)->ArgNames({"language", "merged"})->ArgsProduct({{0, 1}, {1, 8, 64}});

// Of an analysis, which comes as one document.
void read_document(benchmark::State& state) {
    const auto& words = gate::words_of(0);
    const auto body = gate::whole_response(words.perspective, 60);
    llm::ChunkParser parser;
    llm::AnswerReader reader(parser, false, answer_bytes_max);
    std::string text;
    for (auto _ : state) {
        reader.reset();
        text.clear();
        const bool faulty = reader.on_body(body, text) || reader.on_end(true, text);
        if (faulty) return state.SkipWithError("the document is refused");
    }
    if (text != words.perspective) state.SkipWithError("its text is another one");
}
BENCHMARK(read_document);

}  // namespace
}  // namespace emostage::micro
