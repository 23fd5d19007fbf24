// One HTTP request and its response, as a call sees them. Values; the transport makes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emostage::llm {

struct ResponseHead {
    int status = 0;           // 200 and above
    std::string retry_after;  // headers as they came, empty: absent
    std::string retry_after_ms;
};

enum class ExchangeEnd : std::uint8_t {
    whole,        // the response has ended as HTTP says
    unreachable,  // name, connection or TLS handshake failed
    broken,       // the connection ended too early
    garbled,      // not HTTP, or more than a limit allows
};

struct ExchangeResult {
    ExchangeEnd end = ExchangeEnd::whole;
    bool reused = false;     // went over a connection that had served before
    bool answered = false;   // at least one byte came back
    std::string_view words;  // static; what libcurl says to it
};

}  // namespace emostage::llm
