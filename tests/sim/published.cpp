#include "tests/sim/published.hpp"

#include "core/codec/hash.hpp"
#include "tests/sim/script.hpp"

namespace emostage::sim {

std::string judge(const std::string& turn, const wire::Completed& completed,
                  const std::string& text) {
    if (completed.text_bytes != text.size() || completed.text_hash != codec::text_hash(text))
        return "completed with another text than was shown";
    if (completed.finish_reason == "length" && text.size() + 4 <= reply_bytes_max)
        return "completed as too long, which it is not";
    const auto variant = variant_of(turn, text);
    if (!variant) return "completed with words that no model said so";
    if (completed.finish_reason == "stop" && text != reply_script(turn, *variant))
        return "completed though the model had more to say";
    return {};
}

std::vector<std::string> Published::take(const wire::Event& event) {
    wrong_.clear();
    const auto first = first_number(event);
    const auto before = last();
    const bool declares_void =
        !std::holds_alternative<wire::Delta>(event.body) && first < event.seq;
    if (first == 0 || first > event.seq) {
        wrong("numbers that cannot be");
    } else if (event.seq <= before) {
        compare(first, event);
    } else if (first > before) {
        if (first > before + 1) {
            if (!may_skip_) wrong("a hole before " + std::to_string(event.seq));
            text_attempt_ = 0;  // a reset may be among what is untold
        }
        may_skip_ = false;
        add(first, event);
    } else if (declares_void) {
        make_void(first, event.seq);
        may_skip_ = false;
        add(first, event);
    } else {
        compare(first, event);  // a replay that knows more
    }
    return wrong_;
}

std::optional<std::string> Published::text() const {
    std::string text;
    bool whole = true;
    std::uint64_t next = 1;
    for (const auto& [first, piece] : pieces_) {
        whole = whole && first == next && !piece.torn;
        next = piece.last + 1;
        if (std::holds_alternative<wire::Reset>(piece.body)) {
            text.clear();
            whole = true;
        }
        if (const auto* delta = std::get_if<wire::Delta>(&piece.body)) text += delta->text;
    }
    return whole ? std::optional(text) : std::nullopt;
}

void Published::add(std::uint64_t first, wire::Event event) {
    if (ended_) wrong("something after the end");
    if (std::holds_alternative<wire::Accepted>(event.body) != (first == 1))
        wrong("accepted is number 1, and no other is");
    if (!pieces_.empty() && event.attempt < pieces_.rbegin()->second.attempt)
        wrong("an older attempt");
    if (const auto* stage = std::get_if<wire::Stage>(&event.body)) {
        for (const auto& [at, piece] : pieces_) {
            const auto* before = std::get_if<wire::Stage>(&piece.body);
            if (before && before->stage == stage->stage) wrong("a finished stage ran again");
        }
    }
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        if (delta->text.empty()) wrong("an empty delta");
        if (text_attempt_ && text_attempt_ != event.attempt) ++continued_;
        text_attempt_ = event.attempt;
    }
    if (std::holds_alternative<wire::Reset>(event.body)) text_attempt_ = 0;
    ended_ = wire::is_end(event.body);
    pieces_[first] = {first, event.seq, event.attempt, std::move(event.body)};
}

void Published::make_void(std::uint64_t first, std::uint64_t last) {
    auto at = pieces_.lower_bound(first);
    while (at != pieces_.end() && at->first <= last) {
        const auto& piece = at->second;
        if (wire::is_end(piece.body) || std::holds_alternative<wire::Accepted>(piece.body))
            wrong("void: an event that was promised");
        voided_ += piece.last - piece.first + 1;
        at = pieces_.erase(at);
    }
    if (at == pieces_.begin()) return;
    auto& torn = std::prev(at)->second;
    if (torn.last < first) return;
    voided_ += torn.last - first + 1;
    torn.last = first - 1;
    torn.torn = true;
}

void Published::compare(std::uint64_t first, const wire::Event& event) {
    auto at = pieces_.upper_bound(first);
    if (at != pieces_.begin() && std::prev(at)->second.last >= first) --at;
    const bool untold = at == pieces_.end() || at->first > event.seq;
    const auto beyond = pieces_.upper_bound(event.seq);
    const auto told = beyond == pieces_.begin() ? 0 : std::prev(beyond)->second.last;
    const bool voids = first < event.seq && !std::holds_alternative<wire::Delta>(event.body);
    if (voids && told < event.seq) {
        // It was stored before the broker died, and not told until now.
        make_void(first, event.seq);
        pieces_[first] = {first, event.seq, event.attempt, event.body};
    } else if (untold) {
        pieces_[first] = {first, event.seq, event.attempt, event.body};
    } else if (at->second.first == first && at->second.last == event.seq && !at->second.torn) {
        auto mine = at->second.body;
        auto theirs = event.body;
        for (auto* body : {&mine, &theirs}) {
            if (auto* delta = std::get_if<wire::Delta>(body)) delta->from = 0;
        }
        if (mine != theirs || at->second.attempt != event.attempt)
            wrong("two contents under " + std::to_string(event.seq));
    } else {
        compare_deltas(at, first, event);
    }
}

// Deltas merged in another way, or over numbers that are untold: what can be compared is. `at`: the
// first piece that the event touches.
void Published::compare_deltas(Pieces::iterator at, std::uint64_t first, const wire::Event& event) {
    const auto differs = [&] { wrong("two contents under " + std::to_string(event.seq)); };
    const auto* delta = std::get_if<wire::Delta>(&event.body);
    if (!delta) return differs();
    const auto begin = at;
    const bool begins_alike = at->second.first == first;
    bool whole = true, torn = false;  // the last piece, of whose text only the beginning counts
    std::string text;
    std::uint64_t next = at->second.first, last = 0;
    for (; at != pieces_.end() && at->second.first <= event.seq; ++at) {
        const auto* one = std::get_if<wire::Delta>(&at->second.body);
        if (!one || at->second.attempt != event.attempt) return differs();
        whole = whole && at->second.first == next && !torn;
        torn = at->second.torn;
        text += one->text;
        last = at->second.last;
        next = last + 1;
    }
    const bool knows_more = last < event.seq;
    const bool newest = at == pieces_.end();
    if (begin->second.first < first || last > event.seq || torn) {
        // It begins or ends within a piece.
        const bool ends_alike = last == event.seq && !torn;
        if (!whole || knows_more || begin->second.first > first) return;
        if (begins_alike ? !text.starts_with(delta->text)
            : ends_alike ? !text.ends_with(delta->text)
                         : text.find(delta->text) == std::string::npos)
            return differs();
        if (!torn || !begins_alike || last > event.seq) return;
        pieces_.erase(begin, at);
        pieces_[first] = {first, event.seq, event.attempt, event.body};
        return;
    }
    if (whole && begins_alike) {
        if (!delta->text.starts_with(text) || (!knows_more && delta->text.size() != text.size()))
            return differs();
        if (!knows_more) return;
    } else if (!whole || !begins_alike) {
        // Pieces with something untold among them: all of them are in it.
        std::size_t found = 0;
        for (auto piece = begin; piece != at; ++piece) {
            const auto& one = std::get<wire::Delta>(piece->second.body).text;
            found = delta->text.find(one, found);
            if (found == std::string::npos) return differs();
            found += one.size();
        }
    }
    if (knows_more && newest && ended_) wrong("something after the end");
    pieces_.erase(begin, at);
    pieces_[first] = {first, event.seq, event.attempt, event.body};
}

}  // namespace emostage::sim
