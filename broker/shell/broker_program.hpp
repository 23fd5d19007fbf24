// A broker from its start to its end: loop, sockets, admin pages, signals.
#pragma once

#include "broker/journal/journal_writer.hpp"
#include "broker/shell/broker_options.hpp"
#include "core/result.hpp"

namespace emostage::broker {

// Returns when SIGTERM or SIGINT has drained it. Errc::io: something cannot be bound, or the state
// cannot be used. Errc::cancelled: a second signal ended it at once. Of one process once; the
// calling thread is the loop's. `observer`: of the journal's steps, for tests.
Result<void> run_broker(const BrokerOptions& options, JournalWriter::Observer observer = {});

// 16 random hex digits: names the state that a broker starts with.
std::string random_broker_id();

}  // namespace emostage::broker
