// The HTTP gateway from its start to its end: loop, client, server, signals.
#pragma once

#include "core/result.hpp"
#include "gateway/http/server/gateway_options.hpp"

namespace emostage::http {

// Returns when SIGTERM or SIGINT has drained it; SIGHUP reads the keys again. Errc::io: it cannot
// listen. Errc::config: the keys, or too few file descriptors. Errc::cancelled: a second signal
// ended it at once. Of one process once; the calling thread is the loop's.
Result<void> run_gateway(const GatewayOptions& options);

}  // namespace emostage::http
