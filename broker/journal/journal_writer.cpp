#include "broker/journal/journal_writer.hpp"

#include <cassert>
#include <utility>

#include "core/clock.hpp"
#include "core/log/log.hpp"

namespace emostage::broker {

JournalWriter::JournalWriter(SqliteStore store, Observer observer)
    : store_(std::move(store)), observer_(std::move(observer)), thread_([this] { run(); }) {}

JournalWriter::~JournalWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void JournalWriter::commit(Commit commit, Done done) {
    {
        const std::lock_guard lock(mutex_);
        assert(!under_way_);
        under_way_ = true;
        work_ = Work{std::move(commit), std::move(done)};
    }
    changed_.notify_one();
}

void JournalWriter::run() {
    std::optional<std::chrono::milliseconds> pause = rest_after;  // nothing: no rest is needed
    std::unique_lock lock(mutex_);
    const auto called = [this] { return work_.has_value() || stopping_; };
    while (true) {
        if (!pause) changed_.wait(lock, called);
        if (pause && !changed_.wait_for(lock, *pause, called)) {
            lock.unlock();
            pause = store_.rest() ? std::optional(rest_step) : std::nullopt;
            lock.lock();
            continue;
        }
        if (!work_) return;
        Work work = std::move(*work_);
        work_.reset();
        lock.unlock();
        carry_out(std::move(work));
        pause = rest_after;
        lock.lock();
    }
}

void JournalWriter::carry_out(Work work) {
    observe(Step::begun);
    const Committed committed = store_.apply(work.commit, [this] { observe(Step::written); });
    const bool stored = committed.result == Committed::Result::stored;
    if (stored) observe(Step::committed);
    if (!stored && throttle_.pass(Clock::now())) {
        log::error("commit not stored", {{"full", committed.result == Committed::Result::full},
                                         {"reason", log::Sentence{store_.problem()}},
                                         {"not_logged", throttle_.take_withheld()}});
    }
    {
        const std::lock_guard lock(mutex_);
        under_way_ = false;  // the next may be handed in while this one's end is told
    }
    work.done(committed);
    observe(Step::told);
    store_.after_commit();
}

}  // namespace emostage::broker
