#include "core/config/plain_text.hpp"

#include <algorithm>
#include <string>

namespace emostage::config {

Result<void> check_text(std::string_view text, std::size_t bytes_max, bool lines) {
    if (text.size() > bytes_max) {
        return fail(Errc::config, "is longer than " + std::to_string(bytes_max) + " bytes");
    }
    const bool clean = std::all_of(text.begin(), text.end(), [lines](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || (lines && c == '\n');
    });
    if (!clean) return fail(Errc::config, "holds control characters");
    return {};
}

}  // namespace emostage::config
