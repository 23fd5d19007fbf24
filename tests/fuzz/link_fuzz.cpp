// Both directions of the worker link: the first byte says which, so that one corpus holds both.
#include "core/codec/codec.hpp"
#include "tests/fuzz/check.hpp"

namespace emostage {
namespace {

template <class Decode, class Encode>
void check_round(std::string_view bytes, Decode decode, Encode encode) {
    const auto message = decode(bytes);
    if (!message) {
        CHECK(message.error().message.size() <= wire::error_message_bytes_max);
        return;
    }
    const auto once = encode(*message);
    const auto again = decode(once);
    CHECK(again && encode(*again) == once);
}

void fuzz(std::string_view bytes) {
    if (bytes.empty()) return;
    const auto message = bytes.substr(1);
    if (bytes.front() & 1) {
        check_round(message, codec::decode_from_worker, codec::encode_from_worker);
    } else {
        check_round(message, codec::decode_to_worker, codec::encode_to_worker);
    }
}

}  // namespace
}  // namespace emostage

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    emostage::fuzz({reinterpret_cast<const char*>(data), size});
    return 0;
}
