// What the gateway shows in Prometheus' text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Every label has a closed set of values: nothing that a client or the broker names becomes one.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/client/client.hpp"
#include "gateway/http/server/tally.hpp"

namespace emostage::http {

struct Numbers {
    const Tally& tally;
    std::size_t streams = 0;
    gateway::Link link = gateway::Link::connecting;
    const gateway::Counters& client;
    std::uint64_t log_lines_lost = 0;
};

std::string metrics_text(const Numbers& numbers);

}  // namespace emostage::http
