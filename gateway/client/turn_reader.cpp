#include "gateway/client/turn_reader.hpp"

#include <variant>

namespace emostage::gateway {

namespace {

std::size_t weight(const wire::Event& event) {
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) return delta->text.size();
    if (const auto* stage = std::get_if<wire::Stage>(&event.body))
        return stage->result.bytes.size();
    return 0;
}

// Ends may be said for a turn that is between two attempts, so they carry no order of attempts.
bool belongs_to_an_attempt(const wire::EventBody& body) {
    return std::holds_alternative<wire::Started>(body) ||
           std::holds_alternative<wire::Stage>(body) || std::holds_alternative<wire::Delta>(body) ||
           std::holds_alternative<wire::Reset>(body) || std::holds_alternative<wire::Alert>(body);
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

void TurnReader::on(wire::Event event, std::vector<wire::Event>& ready) {
    if (state_ != State::live || event.seq == 0 || wire::first_number(event) > event.seq) return;
    exists(event.seq);
    if (ended_before(event)) {
        state_ = State::ended;
        ready.push_back(std::move(event));
        return;
    }
    if (event.seq < next_) return;
    if (wire::first_number(event) > next_) {
        keep_early(std::move(event));
        return;
    }
    take(std::move(event), ready);
    // An early event can fit only after the one that it waited for; merged ones may overtake
    // others.
    for (auto at = early_.begin(); at != early_.end() && state_ == State::live;) {
        if (at->first < next_ || fits(at->second)) {
            wire::Event early = std::move(at->second);
            early_bytes_ -= weight(early);
            early_.erase(at);
            if (early.seq >= next_) take(std::move(early), ready);
            at = early_.begin();
        } else {
            ++at;
        }
    }
    if (state_ != State::live) drop_early();
}

bool TurnReader::ended_before(const wire::Event& event) const {
    return event.seq <= after_ && next_ == after_ + 1 && wire::is_end(event.body);
}

bool TurnReader::fits(const wire::Event& event) const { return wire::first_number(event) <= next_; }

void TurnReader::take(wire::Event event, std::vector<wire::Event>& ready) {
    if (!cut_known(event)) return;  // stays missing; resume after last() brings it from there
    if (belongs_to_an_attempt(event.body)) {
        if (event.attempt < attempt_) {
            state_ = State::broken;
            return;
        }
        attempt_ = event.attempt;
    }
    const auto* delta = std::get_if<wire::Delta>(&event.body);
    if (delta != nullptr) {
        check_.add(delta->text);
    } else if (std::holds_alternative<wire::Reset>(event.body)) {
        check_.reset();
        after_ = 0;
    } else if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
        if (after_ == 0 && !check_.confirms(*completed)) {
            state_ = State::broken;
            return;
        }
    }
    marks_.add(event.seq, check_.bytes(), delta != nullptr);
    next_ = event.seq + 1;
    if (wire::is_end(event.body)) state_ = State::ended;
    const bool of_the_reply = delta != nullptr || std::holds_alternative<wire::Reset>(event.body) ||
                              wire::is_end(event.body);
    const bool known = !std::holds_alternative<wire::Other>(event.body);
    if (known && (of_the_reply || event.seq > shown_)) ready.push_back(std::move(event));
}

// A merged delta may begin with text that went out before: cuts that off. False where it cannot.
bool TurnReader::cut_known(wire::Event& event) const {
    auto* delta = std::get_if<wire::Delta>(&event.body);
    if (delta == nullptr || wire::first_number(event) == next_) return true;
    const auto before = marks_.bytes_before(wire::first_number(event));
    if (!before) return false;
    const std::uint64_t known = check_.bytes() - *before;
    if (known > delta->text.size()) return false;
    if (known < delta->text.size() && is_continuation(delta->text[known])) return false;
    delta->text.erase(0, known);
    delta->from = next_;
    return true;
}

void TurnReader::keep_early(wire::Event event) {
    const auto found = early_.find(event.seq);
    if (found != early_.end()) {
        if (wire::first_number(found->second) <= wire::first_number(event)) return;
        early_bytes_ -= weight(found->second);
        early_.erase(found);
    }
    if (early_.size() == early_events_max || early_bytes_ + weight(event) > early_bytes_max) {
        drop_early();
        return;
    }
    early_bytes_ += weight(event);
    const auto seq = event.seq;
    early_.emplace(seq, std::move(event));
}

void TurnReader::drop_early() {
    early_.clear();
    early_bytes_ = 0;
}

void TurnReader::restart() {
    shown_ = shown_ > last() ? shown_ : last();
    next_ = 1;
    after_ = 0;
    attempt_ = 0;
    state_ = State::live;
    check_.reset();
    marks_.clear();
    drop_early();
}

void TurnReader::forget() {
    restart();
    newest_ = 0;
    shown_ = 0;
}

}  // namespace emostage::gateway
