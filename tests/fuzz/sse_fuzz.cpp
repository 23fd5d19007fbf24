// Any bytes as the body of a streamed or whole answer: what comes out is bounded and clean however
// the bytes are split, and the answer reader never trips.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/answer_reader.hpp"
#include "core/text/utf8_cleaner.hpp"
#include "tests/fuzz/check.hpp"

namespace {

using namespace emostage::llm;

constexpr std::size_t answer_bytes_max = 4096;

struct Outcome {
    std::string text;
    std::optional<emostage::Errc> fault;
    bool operator==(const Outcome&) const = default;
};

// The first byte of the input says in which pieces the rest comes.
Outcome read(ChunkParser& parser, std::string_view body, bool stream, std::size_t piece) {
    AnswerReader reader(parser, stream, answer_bytes_max);
    Outcome outcome;
    for (std::size_t i = 0; i < body.size() && !reader.done(); i += piece) {
        if (auto fault = reader.on_body(body.substr(i, piece), outcome.text)) {
            outcome.fault = fault->code;
            return outcome;
        }
    }
    if (auto fault = reader.on_end(true, outcome.text)) outcome.fault = fault->code;
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static ChunkParser parser;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t piece = 1 + data[0] % 64;
    for (bool stream : {true, false}) {
        const Outcome whole = read(parser, body, stream, body.size() + 1);
        const Outcome pieces = read(parser, body, stream, piece);
        CHECK(whole == pieces);
        CHECK(whole.text.size() <= answer_bytes_max);
        CHECK(emostage::clean_utf8(whole.text) == whole.text);
        CHECK(whole.fault || !whole.text.empty());
    }
    return 0;
}
