// What a broker is told at its start, by file, environment and flags: ops/broker.yaml lists all
// keys.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "broker/config.hpp"
#include "core/clock.hpp"
#include "core/config/address.hpp"
#include "core/config/settings.hpp"
#include "core/log/log.hpp"
#include "core/result.hpp"

namespace emostage::broker {

struct BrokerOptions {
    std::string commands = "tcp://127.0.0.1:7701";
    std::string events = "tcp://127.0.0.1:7702";
    std::string workers = "tcp://127.0.0.1:7703";
    std::optional<config::Address> admin = config::Address{"127.0.0.1", 7704};  // nothing: off
    milliseconds drain{10'000};
    // A directory, or what ends with the process; Config::durable follows it.
    std::string state = ":memory:";
    std::string inspect;  // not empty: print what is in the journal of this directory, and no more
    std::size_t subscriber_messages_max = 10'000;  // waiting for one subscriber; more are dropped
    Config core;
    log::Config log;
};

// All keys; `into` outlives the settings.
void declare(config::Settings& settings, BrokerOptions& into);

// The limits against each other; `settings` says where the values came from.
Result<void> check_limits(const BrokerOptions& options, const config::Settings& settings);

// Declares, loads and checks. `into` is complete where the request is to run.
Result<config::Request> load_broker_options(const std::vector<std::string>& arguments,
                                            const config::Environment& environment,
                                            BrokerOptions& into);

}  // namespace emostage::broker
