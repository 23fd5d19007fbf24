// What one request is told of one turn. The two ways are StreamTurn and WholeTurn.
//
// A machine without I/O: events, time and the outlet's progress in, calls of its outlet out. What
// one turn of the loop brings is gathered by on_event() and goes out at flush().
#pragma once

#include <cstdint>

#include "core/clock.hpp"
#include "gateway/http/server/outlet.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

class TurnRecord;

class HttpTurn {
public:
    explicit HttpTurn(Outlet& outlet) : outlet_(outlet) {}
    virtual ~HttpTurn() = default;

    virtual void on_event(const wire::Event& event) = 0;
    virtual void flush(TimePoint now) = 0;
    virtual void on_written(TimePoint now) = 0;
    virtual void on_time(TimePoint now) = 0;
    virtual TimePoint next_time() const = 0;  // when on_time() has something to do

    // Nothing more is waited for: the answer is, or ends with, this error. Requires: not over().
    virtual void refuse(const ApiError& error, TimePoint now) = 0;

    // What is told needs all of the turn, from its start: on_record() brings it.
    virtual bool wants_record() const { return false; }
    virtual void on_record(const TurnRecord&, TimePoint) {}

    // The connection is ended where it stands.
    void cut() {
        if (over_) return;
        over_ = true;
        outlet_.cut();
    }

    bool over() const { return over_; }          // nothing more is asked of the outlet
    bool begun() const { return status_ != 0; }  // the head went out
    int status() const { return status_; }       // of the head; 0: none went out
    bool slow() const { return slow_; }          // cut because its reader was too slow
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t pings() const { return pings_; }

protected:
    void answer(const Head& head, std::string_view body) {
        over_ = true;
        status_ = head.status;
        bytes_ += body.size();
        outlet_.answer(head, body);
    }
    void answer_error(const ApiError& error) {
        over_ = true;
        status_ = error.status;
        http::answer_error(outlet_, error);
    }

    Outlet& outlet_;
    bool over_ = false;
    bool slow_ = false;
    int status_ = 0;
    std::uint64_t bytes_ = 0;  // of the body
    std::uint64_t pings_ = 0;
};

}  // namespace emostage::http
