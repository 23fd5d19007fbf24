// One model server as the configuration declares it, and how it is doing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/llm/endpoint_meter.hpp"

namespace emostage::llm {

// How an endpoint is asked to go on with an answer that was begun: with it as the last message, of
// the assistant.
enum class Continues : std::uint8_t {
    no,
    vllm,     // and `continue_final_message`, without a new generation prompt (SGLang too)
    prefill,  // which is enough (llama.cpp, LMDeploy)
};

// Declared, never assumed: what the endpoint is known to honour beyond plain chat completions.
struct Capabilities {
    bool json_schema = false;  // response_format {"type": "json_schema", …}
    bool json_object = false;  // response_format {"type": "json_object"}
    bool grammar = false;      // llama.cpp's `grammar` field (GBNF)
    Continues continues = Continues::no;

    bool operator==(const Capabilities&) const = default;
};

struct EndpointConfig {
    std::string name;  // for logs and metrics; default: host:port of the URL
    std::string url;   // up to and with /v1, e.g. http://127.0.0.1:11434/v1
    std::string model;
    std::string key;  // bearer token, from environment or file only; empty: none
    Capabilities capabilities;
    std::size_t calls_max = 4096;  // running at once
};

enum class BreakerState { closed, half_open, open };

struct EndpointStatus {
    std::string name;
    std::size_t running = 0;
    BreakerState breaker = BreakerState::closed;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::string model = {};
    std::uint64_t breaker_opens = 0;  // how often it opened
    EndpointMeter meter = {};
};

}  // namespace emostage::llm
