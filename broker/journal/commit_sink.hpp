// Where the shell takes the core's commits: to disk, or nowhere.
#pragma once

#include <functional>

#include "broker/journal.hpp"

namespace emostage::broker {

class CommitSink {
public:
    // Called once, on any thread, also before commit() has returned.
    using Done = std::function<void(Committed)>;

    virtual ~CommitSink() = default;
    // Requires: none is under way. The destructor finishes the one that is.
    virtual void commit(Commit commit, Done done) = 0;
};

// State that ends with the process, as was asked for: every commit counts as stored, at once.
class MemoryOnly final : public CommitSink {
public:
    void commit(Commit, Done done) override { done({Committed::Result::stored}); }
};

}  // namespace emostage::broker
