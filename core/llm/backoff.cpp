#include "core/llm/backoff.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace emostage::llm {
namespace {

constexpr std::size_t header_bytes_max = 64;

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !(number >= 0))
        return std::nullopt;
    return number;
}

milliseconds bounded(double ms) {
    const auto max = static_cast<double>(retry_after_max.count());
    return milliseconds(static_cast<std::int64_t>(std::min(ms, max)));
}

}  // namespace

Duration Backoff::delay(int retry) {
    const int doublings = std::clamp(retry - 1, 0, 20);
    const Duration whole = std::min<Duration>(settings_.first * (1 << doublings), settings_.max);
    const auto half = whole.count() / 2;
    const auto extra =
        half > 0 ? static_cast<Duration::rep>(random_() % static_cast<std::uint64_t>(half))
                 : Duration::rep{0};
    return Duration(half + extra);
}

std::optional<milliseconds> parse_retry_after(std::string_view retry_after,
                                              std::string_view retry_after_ms,
                                              std::int64_t unix_ms) {
    if (retry_after.size() > header_bytes_max || retry_after_ms.size() > header_bytes_max) {
        return std::nullopt;
    }
    if (!retry_after_ms.empty()) {
        if (const auto ms = parse_number(retry_after_ms)) return bounded(*ms);
    }
    if (retry_after.empty()) return std::nullopt;
    if (const auto seconds = parse_number(retry_after)) return bounded(*seconds * 1000);
    const std::time_t date = curl_getdate(std::string(retry_after).c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return bounded(std::max(0.0, static_cast<double>(date) * 1000 - static_cast<double>(unix_ms)));
}

}  // namespace emostage::llm
