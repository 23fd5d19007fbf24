// Event messages, as a gateway gets them: what is read is written and read again as the same.
#include "core/codec/codec.hpp"
#include "tests/fuzz/check.hpp"

namespace emostage {
namespace {

// What a newer version may say is read as Other, and never written.
bool is_of_this_version(const wire::EventBatch& batch) {
    return std::none_of(batch.events.begin(), batch.events.end(), [](const wire::Event& event) {
        return std::holds_alternative<wire::Other>(event.body);
    });
}

void fuzz(std::string_view bytes) {
    const auto batch = codec::decode_events(bytes);
    if (!batch) {
        CHECK(batch.error().message.size() <= wire::error_message_bytes_max);
        return;
    }
    CHECK(batch->events.size() <= wire::events_per_batch_max);
    if (!is_of_this_version(*batch)) return;
    const auto again = codec::decode_events(codec::encode_events(*batch));
    CHECK(again && codec::encode_events(*again) == codec::encode_events(*batch));
}

}  // namespace
}  // namespace emostage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    emostage::fuzz({reinterpret_cast<const char*>(data), size});
    return 0;
}
