// W3C trace context, version 00: whose trace a turn belongs to, and the header that a call to
// another server gets.
//
//     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
//        the trace                        the caller's span flags
//
// Pure functions; any thread. https://www.w3.org/TR/trace-context/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::trace {

// The 32 digits of the trace. Empty where the text is no trace context, one of all zeros included.
std::string_view trace_id(std::string_view traceparent);

// The same trace and flags, of a span of its own, whose id is `span`: what is called sees that span
// as its parent. Empty where the text is no trace context. `span` is random; 0, which may not be
// sent, becomes 1.
std::string child(std::string_view traceparent, std::uint64_t span);

}  // namespace emostage::trace
