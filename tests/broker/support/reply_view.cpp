#include "tests/broker/support/reply_view.hpp"

#include "core/codec/hash.hpp"

namespace emostage::broker::test {

void ReplyView::take(const wire::Event& event) {
    if (ended() && event.seq > applied())
        violations_.push_back(event.turn + ": an event after the end");
    if (!apply(event)) return;
    while (!later_.empty() && later_.begin()->first <= applied() + 1) {
        const auto next = later_.begin()->second;
        later_.erase(later_.begin());
        apply(next);
    }
}

bool ReplyView::apply(const wire::Event& event) {
    const auto first = first_number(event);
    if (event.seq <= applied()) return false;
    if (first > applied() + 1) {
        later_[first] = event;
        return false;
    }
    // What is held of a merged delta cannot be cut: what begins inside it is asked for anew.
    for (const auto& piece : pieces_) {
        if (piece.first < first && piece.last >= first) {
            uncut_ = true;
            return false;
        }
    }
    while (!pieces_.empty() && pieces_.back().first >= first) pieces_.pop_back();
    uncut_ = false;
    pieces_.push_back({first, event.seq, event});
    if (wire::is_end(event.body)) check_end(event);
    return true;
}

void ReplyView::check_end(const wire::Event& event) {
    const auto* completed = std::get_if<wire::Completed>(&event.body);
    if (!completed) return;
    const auto shown = text();
    if (completed->text_bytes != shown.size() || completed->text_hash != codec::text_hash(shown)) {
        violations_.push_back(event.turn + ": what was shown is not what was completed");
    }
}

std::string ReplyView::text() const {
    std::string all;
    for (const auto& piece : pieces_) {
        if (const auto* delta = std::get_if<wire::Delta>(&piece.event.body)) all += delta->text;
        if (std::holds_alternative<wire::Reset>(piece.event.body)) all.clear();
    }
    return all;
}

}  // namespace emostage::broker::test
