#include "core/trace/trace_context.hpp"

#include <algorithm>

namespace emostage::trace {
namespace {

constexpr std::size_t trace_at = 3, trace_digits = 32;
constexpr std::size_t span_at = 36, span_digits = 16;
constexpr std::size_t flags_at = 53, size = 55;

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
    return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

std::string_view trace_id(std::string_view traceparent) {
    if (traceparent.size() != size || !traceparent.starts_with("00-")) return {};
    if (traceparent[span_at - 1] != '-' || traceparent[flags_at - 1] != '-') return {};
    const auto trace = traceparent.substr(trace_at, trace_digits);
    const bool whole = is_id(trace) && is_id(traceparent.substr(span_at, span_digits)) &&
                       is_hex(traceparent.substr(flags_at));
    return whole ? trace : std::string_view();
}

std::string child(std::string_view traceparent, std::uint64_t span) {
    if (trace_id(traceparent).empty()) return {};
    constexpr char digits[] = "0123456789abcdef";
    if (span == 0) span = 1;
    std::string text(traceparent);
    for (std::size_t i = span_digits; i-- > 0; span >>= 4) text[span_at + i] = digits[span & 0xf];
    return text;
}

}  // namespace emostage::trace
