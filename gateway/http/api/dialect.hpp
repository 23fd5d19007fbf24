// How a turn's events are told to the client of one interface, as server-sent events.
//
// A machine without I/O: events in, bytes out. Chat completions, responses and the native events
// each are one: make_chat_stream() and so on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/http/api/api_error.hpp"
#include "gateway/http/api/turn_request.hpp"
#include "schemas/event.hpp"

namespace emostage::http {

class TurnRecord;

class Dialect {
public:
    virtual ~Dialect() = default;

    // Appends what the event means in this dialect (it may be nothing) to `out`. Requires: not
    // over().
    virtual void on_event(const wire::Event& event, std::string& out) = 0;

    // The stream ends in an error, whatever becomes of the turn. Appends it.
    virtual void fail(const ApiError& error, std::string& out) = 0;

    // Nothing more follows; the stream's body may end.
    virtual bool over() const = 0;

    // The turn has ended, and what this dialect says of the end needs the reply's whole text, whose
    // start this stream has not seen (responses that are resumed). It is over only after finish()
    // has got it.
    virtual bool needs_record() const { return false; }
    virtual void finish(const TurnRecord& whole, std::string& out);  // requires: needs_record()
};

// Names and times that every object of an answer bears.
struct AnswerHead {
    std::string turn;  // the client's id of it
    std::string model;
    std::int64_t created_unix_s = 0;
};

std::unique_ptr<Dialect> make_chat_stream(AnswerHead head, bool include_usage, bool include_stages);
// `after`: events up to this number are not told again; the reader begins after it.
std::unique_ptr<Dialect> make_response_stream(AnswerHead head, bool background, bool include_stages,
                                              std::uint64_t after = 0);
std::unique_ptr<Dialect> make_turn_stream(std::string scope);

}  // namespace emostage::http
