// What a person sees of a turn: stages as they finish, the reply as it streams, why there is none.
//
// Turns events into bytes for a terminal or a pipe; writes nothing itself. Text from elsewhere is
// cleaned (terminal_text.hpp). Keeps the reply of the running turn, bounded, to take it back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/chat/words.hpp"
#include "schemas/event.hpp"

namespace emostage::chat {

struct Screen {
    bool terminal = false;  // a person looks at it: prompt and waiting mark
    bool erases = false;    // understands escape sequences
    bool colours = false;
    std::size_t columns = 80, rows = 24;
};

class View {
public:
    // A longer reply is not taken back by erasing.
    static constexpr std::size_t erasable_bytes_max = 64 * 1024;
    static constexpr std::size_t held_lines_max = 64;

    View(Tongue tongue, Screen screen) : tongue_(tongue), screen_(screen) {}

    void resize(std::size_t columns, std::size_t rows);

    std::string prompt() const;
    std::string begin_turn();
    std::string on(const wire::Event& event);
    // A line in the program's own voice, on a line of its own; the running turn goes on below it.
    std::string note(std::string_view text);

private:
    std::string on_stage(const wire::Stage& stage);
    std::string on_delta(std::string_view text);
    std::string on_reset(bool stages_too);
    std::string on_end(const wire::EventBody& body);
    std::string lines(const std::vector<std::string>& texts, std::string_view colour) const;
    std::string styled(std::string_view text, std::string_view colour) const;
    std::string clear_mark();
    std::string mark();
    std::string break_line();

    Tongue tongue_;
    Screen screen_;
    bool running_ = false;
    bool marked_ = false;  // "…" stands at the cursor's line
    std::string reply_;    // on the screen, from the first column; empty: nothing
    bool reply_erasable_ = true;
    bool stages_shown_ = false;
    bool line_open_ = false;         // the cursor is behind text
    std::vector<std::string> held_;  // lines that came while the reply was being written
};

}  // namespace emostage::chat
