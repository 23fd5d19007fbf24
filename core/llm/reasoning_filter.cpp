#include "core/llm/reasoning_filter.hpp"

#include <algorithm>
#include <array>

namespace emostage::llm {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array openings{"<think>"sv, "<thinking>"sv};
constexpr std::array closings{"</think>"sv, "</thinking>"sv};
constexpr std::array wide_spaces{"\xE3\x80\x80"sv};  // U+3000

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

enum class Match { no, begun, whole };

template <std::size_t n>
Match match(std::string_view held, const std::array<std::string_view, n>& words) {
    Match best = Match::no;
    for (std::string_view word : words) {
        if (held.size() > word.size()) continue;
        const auto same = [](char a, char b) { return lower(a) == b; };
        if (!std::equal(held.begin(), held.end(), word.begin(), same)) continue;
        if (held.size() == word.size()) return Match::whole;
        best = Match::begun;
    }
    return best;
}

// Controls and space: none of them is visible.
bool blank(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\x7F'; }

}  // namespace

void ReasoningFilter::reset() {
    state_ = State::start;
    held_.clear();
    space_.clear();
    after_block_ = false;
}

void ReasoningFilter::skip_space(std::string_view space) {
    const bool line = space == "\n" || space == "\r";
    if (!keeps_space_ || (after_block_ && space_.empty() && line)) return;
    if (space_.size() + space.size() <= space_bytes_max) space_.append(space);
}

std::size_t ReasoningFilter::read_start(std::string_view bytes, std::string& out) {
    std::size_t i = 0;
    while (i < bytes.size() && state_ == State::start) {
        if (held_.empty() && blank(bytes[i])) {
            skip_space(bytes.substr(i, 1));
            ++i;
            continue;
        }
        held_.push_back(bytes[i]);
        if (match(held_, wide_spaces) == Match::whole) {
            skip_space(held_);
            held_.clear();
            ++i;
        } else if (match(held_, openings) == Match::whole) {
            held_.clear();
            space_.clear();
            state_ = State::thinking;
            ++i;
        } else if (match(held_, openings) == Match::begun ||
                   match(held_, wide_spaces) == Match::begun) {
            ++i;
        } else {
            held_.pop_back();  // the byte itself is left to the answer
            state_ = State::answer;
            out.append(space_).append(held_);
            held_.clear();
        }
    }
    return i;
}

std::size_t ReasoningFilter::read_thinking(std::string_view bytes) {
    std::size_t i = 0;
    while (i < bytes.size() && state_ == State::thinking) {
        if (held_.empty()) {
            i = std::min(bytes.find('<', i), bytes.size());
            if (i == bytes.size()) break;
        }
        held_.push_back(bytes[i]);
        const Match found = match(held_, closings);
        if (found == Match::no) {
            const bool again = held_.size() > 1 && bytes[i] == '<';
            held_.clear();
            if (!again) ++i;
            continue;
        }
        ++i;
        if (found == Match::whole) {
            held_.clear();
            state_ = State::start;  // white space, or one more block
            after_block_ = true;
        }
    }
    return i;
}

void ReasoningFilter::push(std::string_view bytes, std::string& out) {
    while (!bytes.empty()) {
        if (state_ == State::answer) {
            out.append(bytes);
            return;
        }
        bytes.remove_prefix(state_ == State::start ? read_start(bytes, out) : read_thinking(bytes));
    }
}

void ReasoningFilter::finish(std::string& out) {
    if (state_ == State::start && !held_.empty()) out.append(space_).append(held_);
    held_.clear();
    space_.clear();
}

}  // namespace emostage::llm
