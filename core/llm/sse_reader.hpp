// Bytes of a text/event-stream, split anywhere, to its events.
//
// Pure: push a piece, then take events with next() until there is none. Lines end with LF, CR or
// CRLF; comments, ids and retry times are read past; a byte order mark at the start is dropped.
// An event that the end of the stream cuts off is none, as the specification says:
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace emostage::llm {

class SseReader {
public:
    static constexpr std::size_t line_bytes_max = 256 * 1024;
    static constexpr std::size_t event_bytes_max = 512 * 1024;  // the data lines of one event

    enum class Next {
        event,  // data() and name() are its
        none,   // push more
        error,  // a limit was passed; stays so until reset()
    };

    // `bytes` must live until next() returned `none`. Requires: it has returned that for the last.
    void push(std::string_view bytes) { rest_ = bytes; }
    Next next();

    // Of the last event, until next() or reset() is called again.
    std::string_view data() const { return data_; }
    std::string_view name() const { return name_; }  // "event:"; empty: none was given

    void reset();  // a new stream

private:
    bool take_line(std::string_view& line);
    bool read_field(std::string_view line);

    std::string_view rest_;
    std::string line_;  // beginning of a line whose end has not come
    std::string data_;
    std::string name_;
    bool has_data_ = false;
    bool after_cr_ = false;  // an LF that comes first belongs to the line before
    bool at_start_ = true;   // a byte order mark may come
    bool taken_ = false;     // the last event has been returned: clear before reading on
    bool failed_ = false;
};

}  // namespace emostage::llm
