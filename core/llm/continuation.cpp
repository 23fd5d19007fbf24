#include "core/llm/continuation.hpp"

#include <algorithm>

namespace emostage::llm {
namespace {

constexpr std::string_view wide_space = "\xE3\x80\x80";  // U+3000

bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

std::string_view Continuation::sent(std::string_view text) {
    for (;;) {
        if (text.ends_with(wide_space)) {
            text.remove_suffix(wide_space.size());
        } else if (!text.empty() && blank(text.back())) {
            text.remove_suffix(1);
        } else {
            return text;
        }
    }
}

Continuation::Continuation(std::string_view text)
    : sent_(sent(text)), shown_space_(text.substr(sent_.size())) {
    reset();
}

void Continuation::reset() {
    state_ = sent_.size() < repeat_bytes_min ? State::space : State::repeat;
    same_ = 0;
    space_.clear();
}

void Continuation::push(std::string_view bytes, std::string& out) {
    if (state_ == State::repeat) read_repeat(bytes, out);
    if (state_ == State::space) read_space(bytes, out);
    out.append(bytes);
}

void Continuation::read_repeat(std::string_view& bytes, std::string& out) {
    while (!bytes.empty() && state_ == State::repeat) {
        const char c = bytes.front();
        if (same_ == 0 && blank(c)) {
            hold_space(c);
        } else if (c == sent_[same_]) {
            if (++same_ == sent_.size()) {
                space_.clear();
                state_ = State::space;
            }
        } else {
            finish(out);
            return;
        }
        bytes.remove_prefix(1);
    }
}

void Continuation::read_space(std::string_view& bytes, std::string& out) {
    while (!bytes.empty() && blank(bytes.front())) {
        hold_space(bytes.front());
        bytes.remove_prefix(1);
    }
    if (bytes.empty()) return;
    out.append(new_space());
    space_.clear();
    state_ = State::text;
}

// What was held back is no repeat: it is text.
void Continuation::finish(std::string& out) {
    if (state_ != State::repeat) return;
    if (same_ == 0) {
        state_ = State::space;
        return;
    }
    out.append(new_space()).append(sent_, 0, same_);
    space_.clear();
    state_ = State::text;
}

void Continuation::hold_space(char c) {
    if (space_.size() < space_bytes_max) space_.push_back(c);
}

// Of what the model said, without what readers hold; a space after a new line is none either.
std::string_view Continuation::new_space() const {
    if (shown_space_.empty()) return space_;
    const auto [shown, said] =
        std::mismatch(shown_space_.begin(), shown_space_.end(), space_.begin(), space_.end());
    std::string_view rest(space_);
    rest.remove_prefix(static_cast<std::size_t>(said - space_.begin()));
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    return rest;
}

}  // namespace emostage::llm
