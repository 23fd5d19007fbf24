// The store on a thread of its own, so that a slow disk holds no loop.
//
// Takes one commit at a time; what changes meanwhile is merged by the core into the next. Between
// commits it moves the log into the file and gives space back, in bounded steps.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "broker/journal/commit_sink.hpp"
#include "broker/journal/sqlite_store.hpp"
#include "core/log/throttle.hpp"

namespace emostage::broker {

class JournalWriter final : public CommitSink {
public:
    static constexpr std::chrono::milliseconds rest_after{2'000};  // without a commit
    static constexpr std::chrono::milliseconds rest_step{50};      // between the steps of a rest

    // Where a commit is: taken up, written but not committed, committed, its end told.
    enum class Step : std::uint8_t { begun, written, committed, told };
    // Called on the writer's thread; tests end their process in it.
    using Observer = std::function<void(Step)>;

    explicit JournalWriter(SqliteStore store, Observer observer = {});
    ~JournalWriter() override;  // the commit under way is finished and told
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;

    // `done` is called on the writer's thread.
    void commit(Commit commit, Done done) override;

private:
    struct Work {
        Commit commit;
        Done done;
    };

    void run();
    void carry_out(Work work);
    void observe(Step step) const {
        if (observer_) observer_(step);
    }

    SqliteStore store_;  // the thread's, once it runs
    const Observer observer_;
    log::Throttle throttle_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Work> work_;
    bool under_way_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace emostage::broker
