// Plays one response: which bytes go out when, and how it ends; faults included.
//
// A machine without I/O or clock. Times are offsets from the moment in which the request was
// whole, so a late wake-up delays nothing after it. Chunks are rendered when they are due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/rehearsal/options.hpp"
#include "bench/rehearsal/tokens.hpp"

namespace emostage::rehearsal {

// What happens to the connection when nothing more is to be sent.
enum class Ending : std::uint8_t {
    keep,   // the response is whole: the next request may come
    close,  // it is closed
    hold,   // it stays open, silent, until the client closes it
};

struct Score {
    std::string head;                    // status line and headers, with the blank line
    std::string opening, before, after;  // role chunk; JSON around a content
    Tokens contents;                     // JSON-escaped; none: the response is not streamed
    std::string closing;                 // finish, usage and [DONE]; or the whole body
    Duration head_at{}, first_at{}, between{}, closing_at{};
    bool keep_alive = true;

    Fault fault = Fault::none;
    std::size_t fault_at = 0;        // the content that it strikes; contents.count(): the closing
    bool half = false;               // cut: inside a chunk, not before it
    std::optional<Duration> length;  // stall, slow_headers; nothing: for ever
};

class Playback {
public:
    static constexpr Duration split_gap = milliseconds(1);  // between the pieces of one chunk
    static constexpr std::size_t head_pieces = 8;           // of a slow head

    explicit Playback(Score score) : score_(std::move(score)) {}

    // When the next bytes are due; nothing: there are none, see ending().
    std::optional<Duration> due() const;

    // Appends all that is due. Of a response in pieces one piece at a time, so that each is a write
    // of its own.
    void take(Duration elapsed, std::string& out);

    Ending ending() const { return ending_; }
    bool whole() const { return whole_; }                       // it was played to its proper end
    bool streaming() const { return step_ >= Step::contents; }  // some content is out
    std::size_t contents_taken() const { return next_; }

private:
    enum class Step : std::uint8_t { head, opening, contents, closing, over };

    Duration step_due() const;
    void play(Duration at, std::string& out);
    bool strike(std::string& out);  // true: the fault took the place of the step
    template <class Append>
    void emit(Duration at, std::string& out, Append append);
    void hold(std::string part, std::vector<std::size_t> cuts, Duration gap, Duration at);
    void take_piece(Duration elapsed, std::string& out);
    void end(Ending ending);
    static void append_framed(std::string& out, std::string_view a, std::string_view b = {},
                              std::string_view c = {});
    void append_content(std::string& out, std::size_t i) const;
    void append_closing(std::string& out) const;
    bool streamed() const { return score_.contents.count() != 0; }

    Score score_;
    Step step_ = Step::head;
    std::size_t next_ = 0;  // content
    Duration shift_{};      // what a stall has added
    Duration floor_{};      // nothing comes before the last piece of what came before it
    Ending ending_ = Ending::keep;
    bool whole_ = false;

    std::string held_;               // a part that goes out in pieces
    std::vector<std::size_t> cuts_;  // their ends, the last is held_.size()
    std::size_t piece_ = 0;
    Duration piece_at_{}, gap_{};
};

}  // namespace emostage::rehearsal
