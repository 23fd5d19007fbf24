// What a worker is told at its start, by file, environment and flags: ops/worker.yaml lists all
// keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/config/address.hpp"
#include "core/config/settings.hpp"
#include "core/llm/endpoint.hpp"
#include "core/llm/hedge.hpp"
#include "core/log/log.hpp"
#include "core/result.hpp"
#include "worker/pipeline/language.hpp"

namespace emostage::worker {

struct WorkerOptions {
    std::string broker = "tcp://127.0.0.1:7703";
    std::string pipelines = "schemas/pipelines";  // directory
    std::string name;                             // as gateways see it, an id
    std::uint32_t slots = 64;                     // turns at once, all shards together
    std::uint32_t shards = 1;
    milliseconds drain{30'000};
    std::optional<config::Address> admin = config::Address{"127.0.0.1", 0};  // nothing: off
    std::vector<llm::EndpointConfig> endpoints;  // at least one; names are unique
    llm::HedgeSettings hedge;
    std::map<Language, std::string> help_lines;  // an operator's text for people in danger
    log::Config log;
};

// Declares, loads and checks. `into` is complete unless the request is to be shown something.
// Endpoints come from `--endpoint`, else EMOSTAGE_LLM_URL, else the file. Keys (bearer tokens) come
// from the environment or from files of their own, never from the YAML text or a flag.
// `host` and `process` make the name where none is given.
Result<config::Request> load_worker_options(const std::vector<std::string>& arguments,
                                            const config::Environment& environment,
                                            const std::string& host, int process,
                                            WorkerOptions& into);

// `host-process` in the alphabet of ids: other characters become `-`, and the host is cut to fit.
std::string default_worker_name(const std::string& host, int process);

}  // namespace emostage::worker
