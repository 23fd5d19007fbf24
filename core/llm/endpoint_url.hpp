// The URL of an endpoint, taken apart once at start.
#pragma once

#include <string>

#include "core/result.hpp"

namespace emostage::llm {

struct EndpointUrl {
    std::string chat;       // of its chat completions
    std::string authority;  // host:port, without a user's name
};

// Errc::config: not an absolute http or https URL.
Result<EndpointUrl> parse_endpoint_url(const std::string& url);

// libcurl would ask a proxy of the environment even for the own host.
bool is_loopback(const std::string& url);

}  // namespace emostage::llm
