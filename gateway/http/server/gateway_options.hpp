// What the HTTP gateway is told at its start, by file, environment and flags: ops/gateway.yaml
// lists all keys.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/config/address.hpp"
#include "core/config/settings.hpp"
#include "core/log/log.hpp"
#include "core/result.hpp"
#include "gateway/client/client.hpp"

namespace emostage::http {

// schemas/HTTP.md, "Limits".
struct Limits {
    std::size_t body_bytes = 1024 * 1024;
    std::size_t header_bytes = 8 * 1024;  // of one field, and of a path with its query
    std::size_t headers = 64;
    std::size_t connections = 4'096;
    std::size_t streams = 4'096;             // answers that wait for a turn or stream one
    std::size_t streams_per_client = 2'048;  // of one key, or without keys of one address
    std::size_t backlog_bytes = 256 * 1024;
    milliseconds read{10'000};   // of one request; an idle connection's life too
    milliseconds write{60'000};  // of what was handed to the system at once
    milliseconds head_wait{5'000};
    milliseconds ping{10'000};
};

struct PageOptions {
    bool serve = true;
    std::string operator_name;
    std::map<std::string, std::string> help;  // by language; a line each
};

struct GatewayOptions {
    config::Address listen{"127.0.0.1", 7780};
    std::string commands = gateway::default_commands;
    std::string events = gateway::default_events;
    std::string gateway_name;  // empty: random
    milliseconds drain{10'000};
    std::string keys;                  // a file; empty: no keys are asked for
    std::vector<std::string> origins;  // CORS
    std::vector<std::string> hosts;    // beside loopback's, where no keys are asked for
    Limits limits;
    PageOptions page;
    std::string new_key;  // not empty: make a key of this name, and no more
    log::Config log;
};

// All keys; `into` outlives the settings.
void declare(config::Settings& settings, GatewayOptions& into);

// Declares, loads and checks. `into` is complete where the request is to run.
Result<config::Request> load_gateway_options(const std::vector<std::string>& arguments,
                                             const config::Environment& environment,
                                             GatewayOptions& into);

}  // namespace emostage::http
