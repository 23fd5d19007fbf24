// Commands from outside: what is taken keeps the promises of schemas/command.hpp and comes back the
// same; what is refused says why, in a bounded sentence.
#include "core/codec/codec.hpp"
#include "tests/fuzz/check.hpp"

namespace emostage {
namespace {

void check_open(const wire::Open& open, const wire::Limits& limits) {
    CHECK(codec::is_id(open.session));
    CHECK(open.pipeline.empty() || codec::is_id(open.pipeline));
    CHECK(!open.text.empty() && open.text.size() <= limits.text_bytes);
    CHECK(!open.deadline || (open.deadline->count() >= 1 &&
                             open.deadline->count() <= std::int64_t(limits.deadline_ms)));
    if (!open.history) return;
    std::size_t bytes = 0;
    for (const auto& utterance : *open.history) bytes += utterance.text.size();
    CHECK(bytes <= limits.history_bytes && open.history->size() <= limits.history_utterances);
}

void fuzz(std::string_view bytes) {
    wire::Limits limits;
    limits.text_bytes = 64;  // small, so that the search reaches beyond them
    limits.history_bytes = 128;
    limits.history_utterances = 4;
    const auto command = codec::decode_command(bytes, limits);
    if (!command) {
        CHECK(!command.error().error.message.empty());
        CHECK(command.error().error.message.size() <= wire::error_message_bytes_max);
        CHECK(command.error().gateway.empty() || codec::is_id(command.error().gateway));
        CHECK(command.error().turn.empty() || codec::is_id(command.error().turn));
        return;
    }
    std::visit([](const auto& one) { CHECK(codec::is_id(one.gateway) && codec::is_id(one.turn)); },
               *command);
    if (const auto* open = std::get_if<wire::Open>(&*command)) check_open(*open, limits);
    const auto again = codec::decode_command(codec::encode_command(*command), limits);
    CHECK(again && *again == *command);
}

}  // namespace
}  // namespace emostage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    emostage::fuzz({reinterpret_cast<const char*>(data), size});
    return 0;
}
