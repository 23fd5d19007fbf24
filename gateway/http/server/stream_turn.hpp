// A turn as server-sent events, in one dialect: schemas/HTTP.md, "Streams".
//
// The head is held until the first event, so that a turn that is rejected gets its status. One
// write is with the outlet at a time; what comes meanwhile goes with the next one. So what waits is
// merged under load, and a slow reader is known by it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/http/api/dialect.hpp"
#include "gateway/http/server/http_turn.hpp"

namespace emostage::http {

struct StreamLimits {
    milliseconds head_wait{5'000};               // the head goes out then, whatever is heard
    milliseconds ping{10'000};                   // of silence
    milliseconds length{660'000};                // the longest deadline, and a minute
    std::size_t backlog_bytes_max = 256 * 1024;  // waiting behind a write; more: the reader is cut
};

class StreamTurn final : public HttpTurn {
public:
    // How a stream relates to the turn's numbers.
    struct Resume {
        std::uint64_t after = 0;         // events up to it are known to the reader
        bool nothing_after_end = false;  // 204 where the turn has no more
    };

    // With `resume` the turn's own failure is an event like any other; without, where it comes
    // before the head, it is the answer.
    StreamTurn(std::unique_ptr<Dialect> dialect, Outlet& outlet, StreamLimits limits, TimePoint now,
               std::optional<Resume> resume = {});

    void on_event(const wire::Event& event) override;
    void flush(TimePoint now) override;
    void on_written(TimePoint now) override;
    void on_time(TimePoint now) override;
    TimePoint next_time() const override;
    void refuse(const ApiError& error, TimePoint now) override;
    bool wants_record() const override;
    void on_record(const TurnRecord& whole, TimePoint now) override;

private:
    bool complete() const { return failed_ || dialect_->over(); }

    std::unique_ptr<Dialect> dialect_;
    StreamLimits limits_;
    std::optional<Resume> resume_;
    TimePoint started_, written_at_;
    std::string waiting_;  // for the write in flight, or for flush()
    bool in_flight_ = false;
    bool heard_ = false;             // an event, or long enough nothing
    bool failed_ = false;            // by refuse()
    bool no_content_ = false;        // 204
    std::optional<ApiError> error_;  // in place of the stream
};

}  // namespace emostage::http
