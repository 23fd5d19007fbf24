// Bytes in, lines out, each bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace emostage::chat {

struct Line {
    std::string text;       // without its end; empty where it was too long
    bool too_long = false;  // the whole line was read and dropped

    bool operator==(const Line&) const = default;
};

class LineReader {
public:
    // `bytes_max`: of one line.
    explicit LineReader(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // Requires: next() has nothing more, so that no more than one read is ever held.
    void add(std::string_view bytes);
    // What was read is all there is: an unended last line counts.
    void end() { ended_ = true; }

    std::optional<Line> next();
    // True after end() when next() has nothing more.
    bool done() const { return ended_ && buffer_.empty() && !too_long_; }

private:
    std::size_t bytes_max_;
    std::string buffer_;
    bool too_long_ = false;  // the line at the buffer's start has lost its beginning
    bool ended_ = false;
};

}  // namespace emostage::chat
