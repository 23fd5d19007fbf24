#include "bench/rehearsal/playback.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace emostage::rehearsal {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

// Where it hurts: inside the word `data`, a character, the blank line that ends an event.
std::vector<std::size_t> painful_cuts(std::string_view part) {
    std::vector<std::size_t> cuts;
    if (const std::size_t at = part.find("data:"); at != part.npos) cuts.push_back(at + 2);
    const auto high = std::ranges::find_if(part, [](char c) { return (c & 0x80) != 0; });
    cuts.push_back(high == part.end() ? part.size() / 2
                                      : static_cast<std::size_t>(high - part.begin()) + 1);
    if (const std::size_t at = part.find("\n\n"); at != part.npos) cuts.push_back(at + 1);
    cuts.push_back(part.size());
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::erase(cuts, 0);
    return cuts;
}

std::vector<std::size_t> even_cuts(std::size_t size, std::size_t pieces) {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i <= pieces; ++i) cuts.push_back(size * i / pieces);
    return cuts;
}

}  // namespace

std::optional<Duration> Playback::due() const {
    if (!held_.empty()) return piece_at_;
    if (step_ == Step::over) return std::nullopt;
    return step_due();
}

void Playback::take(Duration elapsed, std::string& out) {
    while (true) {
        if (!held_.empty()) {
            if (piece_at_ <= elapsed) take_piece(elapsed, out);
            return;
        }
        if (step_ == Step::over) return;
        const Duration at = step_due();
        if (at > elapsed) return;
        play(at, out);
    }
}

Duration Playback::step_due() const {
    Duration at = score_.closing_at;
    if (step_ == Step::head) at = score_.head_at;
    if (step_ == Step::opening) at = score_.first_at;
    if (step_ == Step::contents) {
        at = score_.first_at + score_.between * static_cast<Duration::rep>(next_);
    }
    return std::max(at + shift_, floor_);
}

void Playback::play(Duration at, std::string& out) {
    switch (step_) {
        case Step::head:
            step_ = streamed() ? Step::opening : Step::closing;
            if (score_.fault == Fault::slow_headers) {
                const auto gap = *score_.length / static_cast<Duration::rep>(head_pieces - 1);
                std::vector<std::size_t> cuts = even_cuts(score_.head.size(), head_pieces);
                hold(std::move(score_.head), std::move(cuts), gap, at);
            } else {
                out += score_.head;
            }
            return;
        case Step::opening:
            step_ = Step::contents;
            return emit(at, out, [this](std::string& to) { append_framed(to, score_.opening); });
        case Step::contents:
            if (strike(out)) return;
            if (++next_ == score_.contents.count()) step_ = Step::closing;
            return emit(at, out, [this](std::string& to) { append_content(to, next_ - 1); });
        case Step::closing:
            if (strike(out)) return;
            whole_ = true;
            end(score_.keep_alive ? Ending::keep : Ending::close);
            return emit(at, out, [this](std::string& to) { append_closing(to); });
        case Step::over:
            return;
    }
}

template <class Append>
void Playback::emit(Duration at, std::string& out, Append append) {
    if (score_.fault != Fault::split) return append(out);
    std::string part;
    append(part);
    std::vector<std::size_t> cuts = painful_cuts(part);
    hold(std::move(part), std::move(cuts), split_gap, at);
}

bool Playback::strike(std::string& out) {
    if (next_ != score_.fault_at) return false;
    switch (score_.fault) {
        case Fault::cut:
            if (score_.half) {
                std::string part;
                step_ == Step::contents ? append_content(part, next_) : append_closing(part);
                out.append(part, 0, part.size() / 2);
            }
            end(Ending::close);
            return true;
        case Fault::unended:
            out += last_chunk;
            end(score_.keep_alive ? Ending::keep : Ending::close);
            return true;
        case Fault::stall:
            score_.fault = Fault::none;
            if (score_.length) {
                shift_ += *score_.length;
            } else {
                end(Ending::hold);
            }
            return true;
        default:
            return false;
    }
}

void Playback::hold(std::string part, std::vector<std::size_t> cuts, Duration gap, Duration at) {
    held_ = std::move(part);
    cuts_ = std::move(cuts);
    piece_ = 0;
    gap_ = gap;
    piece_at_ = at;
}

void Playback::take_piece(Duration elapsed, std::string& out) {
    const std::size_t begin = piece_ == 0 ? 0 : cuts_[piece_ - 1];
    out.append(held_, begin, cuts_[piece_] - begin);
    if (++piece_ < cuts_.size()) {
        piece_at_ = elapsed + gap_;
    } else {
        held_.clear();
        floor_ = elapsed + (score_.fault == Fault::split ? gap_ : Duration{});
    }
}

void Playback::end(Ending ending) {
    step_ = Step::over;
    ending_ = ending;
}

void Playback::append_framed(std::string& out, std::string_view a, std::string_view b,
                             std::string_view c) {
    std::array<char, 16> size{};
    const std::size_t bytes = a.size() + b.size() + c.size();
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes, 16).ptr;
    out.append(size.data(), end).append(line_end);
    out.append(a).append(b).append(c).append(line_end);
}

void Playback::append_content(std::string& out, std::size_t i) const {
    const bool broken = score_.fault == Fault::malformed && i == score_.fault_at;
    append_framed(out, score_.before, score_.contents[i], broken ? "\n\n" : score_.after);
}

void Playback::append_closing(std::string& out) const {
    if (!streamed()) {
        out += score_.closing;
    } else {
        append_framed(out, score_.closing);
        out += last_chunk;
    }
}

}  // namespace emostage::rehearsal
