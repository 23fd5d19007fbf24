// A file with one JSON line for each connection that its client closed in mid-answer: proof of how
// fast a cancel arrives.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace emostage::rehearsal {

struct ClientClosed {
    std::int64_t at_ms = 0;     // Unix time
    std::uint64_t request = 0;  // its number
    std::string stage;          // empty: not said
    std::string_view phase;     // of the answer: silent (no content is out yet) or streaming
    std::int64_t after_ms = 0;  // since the request was whole
    std::string trace;          // the trace id of its traceparent; empty: it had none
};

class CloseLog {
public:
    // Appends to the file. Errc::io with the path and the system's words.
    static Result<CloseLog> open(const std::string& path);

    // The line is in the file when this returns. A line that cannot be written is dropped.
    void write(const ClientClosed& closed);

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace emostage::rehearsal
