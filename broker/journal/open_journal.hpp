// From what an operator writes after --state to what a broker starts with.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "broker/journal/commit_sink.hpp"
#include "broker/journal/journal_writer.hpp"
#include "core/result.hpp"

namespace emostage::broker {

inline constexpr std::string_view state_in_memory = ":memory:";

struct OpenedJournal {
    Stored stored;
    std::unique_ptr<CommitSink> sink;
};

// `state` is a directory, made where it is not there, or state_in_memory. A new state gets
// `new_broker` for its id. Errc::io as SqliteStore says it.
Result<OpenedJournal> open_journal(const std::string& state, const std::string& new_broker,
                                   JournalWriter::Observer observer = {});

}  // namespace emostage::broker
