// A broker from its start to its end: loop, sockets, admin pages, signals.
#pragma once

#include "broker/shell/broker_options.hpp"
#include "core/result.hpp"

namespace emostage::broker {

// Returns when SIGTERM or SIGINT has drained it. Errc::io: something cannot be bound.
// Errc::cancelled: a second signal ended it at once. Of one process once; the calling thread is the
// loop's.
Result<void> run_broker(const BrokerOptions& options);

// 16 random hex digits: names the state that a broker starts with.
std::string random_broker_id();

}  // namespace emostage::broker
