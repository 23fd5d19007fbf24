#include "gateway/chat/view.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "gateway/chat/stage_lines.hpp"
#include "gateway/chat/terminal_text.hpp"

namespace emostage::chat {

namespace {

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view erase_line = "\r\x1b[K";
constexpr std::string_view erase_below = "\r\x1b[J";

}  // namespace

void View::resize(std::size_t columns, std::size_t rows) {
    if (columns > 0) screen_.columns = columns;
    if (rows > 0) screen_.rows = rows;
}

std::string View::prompt() const { return screen_.terminal ? styled("> ", bold) : std::string(); }

std::string View::begin_turn() {
    running_ = true;
    reply_.clear();
    reply_erasable_ = true;
    stages_shown_ = false;
    held_.clear();
    if (screen_.terminal && !screen_.erases) return "…\n";
    return mark();
}

std::string View::on(const wire::Event& event) {
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) return on_delta(delta->text);
    if (const auto* stage = std::get_if<wire::Stage>(&event.body)) return on_stage(*stage);
    // Resets without a number are the client library's: the stages come again as well.
    if (std::holds_alternative<wire::Reset>(event.body)) return on_reset(event.seq == 0);
    if (wire::is_end(event.body)) return on_end(event.body);
    return {};
}

std::string View::on_stage(const wire::Stage& stage) {
    auto found = stage_lines(tongue_, stage);
    std::string warning;
    if (!found.warning.empty()) warning = lines({found.warning}, yellow);
    if (line_open_) {
        // The reply is being written: the lines wait for its end, the warning does not.
        for (auto& line : found.lines) {
            if (held_.size() < held_lines_max) held_.push_back(std::move(line));
        }
        if (warning.empty()) return {};
        reply_erasable_ = false;
        return break_line() + warning;
    }
    if (found.lines.empty() && warning.empty()) return {};
    stages_shown_ = true;
    std::string out = clear_mark();
    out += lines(found.lines, dim) + warning;
    if (reply_.empty()) out += mark();
    return out;
}

std::string View::on_delta(std::string_view text) {
    const std::string cleaned = clean(text);
    if (cleaned.empty()) return {};
    std::string out = clear_mark();
    if (reply_.size() + cleaned.size() > erasable_bytes_max) {
        reply_erasable_ = false;
        reply_.assign(1, ' ');
    }
    reply_ += cleaned;
    line_open_ = cleaned.back() != '\n';
    return out + cleaned;
}

// The reply is taken back: erased where the terminal can and all of it is still on the screen.
std::string View::on_reset(bool stages_too) {
    const bool stages_again =
        std::exchange(stages_shown_, stages_shown_ && !stages_too) && stages_too;
    if (reply_.empty() && !stages_again) return {};
    const auto below = lines_below(reply_, screen_.columns);
    std::string out = clear_mark();
    if (!stages_again && screen_.erases && reply_erasable_ && below + 1 < screen_.rows) {
        if (below > 0) out += "\x1b[" + std::to_string(below) + "A";
        out += erase_below;
        line_open_ = false;
    } else {
        out += break_line() + lines({std::string(words(tongue_).starts_again)}, dim);
    }
    reply_.clear();
    reply_erasable_ = true;
    out += mark();
    return out;
}

std::string View::on_end(const wire::EventBody& body) {
    const auto& say = words(tongue_);
    running_ = false;
    std::string out = clear_mark();
    out += break_line() + lines(held_, dim);
    held_.clear();
    const bool partly = !reply_.empty();
    reply_.clear();
    if (const auto* completed = std::get_if<wire::Completed>(&body)) {
        if (completed->finish_reason == "length") out += lines({std::string(say.cut_short)}, dim);
        std::vector<std::string> names;
        for (const auto& degraded : completed->degraded) {
            auto name = stage_name(tongue_, degraded);
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
        if (names.empty()) return out;
        std::string sentence(say.degraded);
        for (std::size_t i = 0; i < names.size() && i < stage_lines_max; ++i) {
            sentence += (i == 0 ? std::string() : std::string(say.comma)) + names[i];
        }
        return out + lines({sentence}, dim);
    }
    if (const auto* cancelled = std::get_if<wire::Cancelled>(&body)) {
        const bool joined = cancelled->reason == "interrupted";
        return out + lines({std::string(joined ? say.interrupted : say.cancelled)}, dim);
    }
    if (partly) out += lines({std::string(say.incomplete)}, yellow);
    if (const auto* failed = std::get_if<wire::Failed>(&body)) {
        return out + lines({failure(tongue_, failed->code, 0)}, yellow);
    }
    const auto& rejected = std::get<wire::Rejected>(body);
    return out +
           lines({failure(tongue_, rejected.code, rejected.retry_after_ms.value_or(0))}, yellow);
}

std::string View::note(std::string_view text) {
    const bool mid_reply = line_open_;
    std::string out = clear_mark();
    out += break_line() + lines({std::string(text)}, dim);
    if (mid_reply) reply_erasable_ = false;
    if (running_ && reply_.empty()) out += mark();
    return out;
}

// Each line of each text, indented.
std::string View::lines(const std::vector<std::string>& texts, std::string_view colour) const {
    std::string out;
    for (const auto& text : texts) {
        for (std::size_t begin = 0; begin <= text.size();) {
            const auto end = std::min(text.find('\n', begin), text.size());
            out += "  " + styled(std::string_view(text).substr(begin, end - begin), colour) + "\n";
            begin = end + 1;
        }
    }
    return out;
}

std::string View::styled(std::string_view text, std::string_view colour) const {
    if (!screen_.colours) return std::string(text);
    return std::string(colour) + std::string(text) + std::string(plain);
}

std::string View::clear_mark() {
    return std::exchange(marked_, false) ? std::string(erase_line) : std::string();
}

// Only where it can be erased again.
std::string View::mark() {
    if (!screen_.erases || std::exchange(marked_, true)) return {};
    return styled("…", dim);
}

std::string View::break_line() {
    return std::exchange(line_open_, false) ? std::string("\n") : std::string();
}

}  // namespace emostage::chat
