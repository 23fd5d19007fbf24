// What went wrong with one request to an endpoint, and what follows from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/errc.hpp"

namespace emostage::llm {

// Whether the endpoint's breaker counts it.
enum class Blame : std::uint8_t { endpoint, nobody };

struct Fault {
    Errc code = Errc::internal;
    std::string what;  // "HTTP 429 (rate_limit_exceeded)"; never text of a turn
    bool retryable = false;
    Blame blame = Blame::nobody;
};

// Of a status that is not 2xx, in the header or in an error inside a body. 408, 429 and 5xx may be
// tried again; 429 is a sign of life.
Fault status_fault(int status, std::string_view detail);

// An error inside a body. `status` 0: none was given.
Fault error_fault(int status, std::string_view detail);

Fault cut_fault(std::string what);
Fault malformed_fault(std::string what);
Fault timeout_fault(std::string what, Blame blame);
Fault unreachable_fault(std::string what);
Fault empty_fault();  // an answer without text

}  // namespace emostage::llm
