#include "gateway/http/server/stream_turn.hpp"

#include <algorithm>
#include <utility>

namespace emostage::http {
namespace {

constexpr std::string_view ping = ": ping\n\n";

Head stream_head() {
    return {200, "text/event-stream", {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}}};
}

}  // namespace

StreamTurn::StreamTurn(std::unique_ptr<Dialect> dialect, Outlet& outlet, StreamLimits limits,
                       TimePoint now, std::optional<Resume> resume)
    : HttpTurn(outlet),
      dialect_(std::move(dialect)),
      limits_(limits),
      resume_(resume),
      started_(now),
      written_at_(now) {}

void StreamTurn::on_event(const wire::Event& event) {
    if (over_ || complete() || error_ || no_content_) return;
    heard_ = true;
    if (!begun() && wire::is_end(event.body)) {
        const bool numbered = event.seq != 0;
        if (resume_ && resume_->nothing_after_end && numbered && event.seq <= resume_->after) {
            no_content_ = true;
            return;
        }
        if (!std::holds_alternative<wire::Completed>(event.body) && !(resume_ && numbered)) {
            error_ = error_of(event);
            return;
        }
    }
    dialect_->on_event(event, waiting_);
}

void StreamTurn::flush(TimePoint now) {
    if (over_ || !heard_) return;
    if (no_content_) return answer({204, "", {{"Cache-Control", "no-store"}}}, "");
    if (error_) return answer_error(*error_);
    if (!begun()) {
        const Head head = stream_head();
        status_ = head.status;
        outlet_.begin(head);
        // A turn may have nothing to tell yet.
        if (waiting_.empty() && !complete()) waiting_ = ping;
    }
    if (in_flight_) {
        if (waiting_.size() <= limits_.backlog_bytes_max) return;
        slow_ = true;
        return cut();
    }
    if (complete()) {
        over_ = true;
        bytes_ += waiting_.size();
        outlet_.end(waiting_);
        return;
    }
    if (waiting_.empty()) return;
    in_flight_ = true;
    written_at_ = now;
    bytes_ += waiting_.size();
    outlet_.write(waiting_);
    waiting_.clear();
}

void StreamTurn::on_written(TimePoint now) {
    in_flight_ = false;
    flush(now);
}

void StreamTurn::on_time(TimePoint now) {
    if (over_) return;
    if (now - started_ >= limits_.length) {
        return refuse({504, "server_error", "deadline_exceeded", "the stream has lasted too long"},
                      now);
    }
    if (!begun() && now - started_ >= limits_.head_wait) {
        heard_ = true;
        return flush(now);
    }
    if (begun() && !in_flight_ && now - written_at_ >= limits_.ping) {
        ++pings_;
        waiting_ += ping;
        flush(now);
    }
}

TimePoint StreamTurn::next_time() const {
    const TimePoint last = started_ + limits_.length;
    if (!begun()) return std::min(last, started_ + limits_.head_wait);
    return in_flight_ ? last : std::min(last, written_at_ + limits_.ping);
}

void StreamTurn::refuse(const ApiError& error, TimePoint now) {
    if (over_ || complete()) return;
    if (!begun()) return answer_error(error);
    failed_ = true;
    dialect_->fail(error, waiting_);
    flush(now);
}

bool StreamTurn::wants_record() const {
    return !over_ && !complete() && !error_ && dialect_->needs_record();
}

void StreamTurn::on_record(const TurnRecord& whole, TimePoint now) {
    if (!wants_record()) return;
    dialect_->finish(whole, waiting_);
    flush(now);
}

}  // namespace emostage::http
