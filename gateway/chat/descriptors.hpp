// Lines from standard input and bytes to standard output, on the loop.
//
// Neither descriptor is switched to non-blocking: that would change it for the shell that started
// us.
#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/chat/line_reader.hpp"

namespace emostage::chat {

class InputLines {
public:
    // Longer lines are reported as such, not kept.
    static constexpr std::size_t line_bytes_max = 1024 * 1024;
    static constexpr std::size_t read_bytes_max = 16 * 1024;

    using Handler = std::function<void(std::optional<Line>)>;  // nothing: the end of the input

    // `descriptor` is not owned. Errors while reading count as its end.
    InputLines(asio::io_context& loop, int descriptor);
    ~InputLines();

    // Gives one line, from the loop. Requires: the last one has come.
    void read(Handler handler);

private:
    void look();
    void wait();
    void take();

    asio::io_context& loop_;
    asio::posix::stream_descriptor descriptor_;  // of a duplicate
    LineReader reader_{line_bytes_max};
    Handler handler_;
    std::shared_ptr<bool> alive_;
};

// Writes everything, waiting where it must. False: the reader is gone.
bool write_all(int descriptor, std::string_view bytes);

}  // namespace emostage::chat
