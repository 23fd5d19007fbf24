#include "bench/load/load.hpp"

#include <cassert>

namespace emostage::load {

Load::Load(Plan plan, ReplyScript script, Ports& ports)
    : plan_(std::move(plan)), script_(std::move(script)), ports_(ports), random_(plan_.seed) {
    assert(plan_.in_flight > 0 && plan_.cancel_tokens_max > 0);
}

void Load::start(TimePoint now) {
    started_at_ = next_due_ = now;
    if (plan_.arrivals) next_due_ += plan_.arrivals->next_gap();
    on_time(now);
}

// Closed: the due time of who comes next while the load ramps up, then at once.
void Load::on_time(TimePoint now) {
    if (over_ || starting_) return;
    starting_ = true;
    while (!pauses_.empty() && pauses_.front() <= now) pauses_.pop_front();
    for (std::size_t begun = 0; begun < starts_at_once; ++begun) {
        if (!may_start() || next_due_ > now) break;
        if (plan_.lasts && (plan_.arrivals ? next_due_ : now) - started_at_ > *plan_.lasts) {
            stopped_ = true;
            break;
        }
        begin(plan_.arrivals ? next_due_ : now, now);
        if (plan_.arrivals) {
            next_due_ += plan_.arrivals->next_gap();
        } else if (meter_.started < plan_.in_flight) {
            next_due_ = started_at_ + plan_.ramp * static_cast<Duration::rep>(meter_.started) /
                                          static_cast<Duration::rep>(plan_.in_flight);
        }
    }
    starting_ = false;
    look_whether_over();
}

bool Load::may_start() const {
    return !stopped_ && meter_.started < plan_.turns &&
           in_flight() + pauses_.size() < plan_.in_flight;
}

std::optional<TimePoint> Load::next_time() const {
    if (over_) return std::nullopt;
    if (may_start()) return next_due_;
    if (!stopped_ && !pauses_.empty()) return pauses_.front();
    return std::nullopt;
}

Turn& Load::take_turn() {
    if (free_.empty()) {
        turns_.push_back(ports_.make_turn());
        turns_.back()->person = turns_.size() - 1;
        return *turns_.back();
    }
    Turn& turn = *free_.back();
    free_.pop_back();
    return turn;
}

void Load::begin(TimePoint due, TimePoint now) {
    Turn& turn = take_turn();
    turn.runs = true;
    turn.due = due;
    turn.submitted = now;
    turn.tokens = turn.bytes = turn.cancel_after = 0;
    turn.cancel_asked = false;
    if (plan_.cancels > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < plan_.cancels) {
        turn.cancel_after = 1 + random_() % plan_.cancel_tokens_max;
    }
    ++meter_.started;
    meter_.late.add(now - due);
    if (const auto opened = ports_.open(turn); !opened) {
        ++meter_.failed;
        ++meter_.codes["own " + std::string(name(opened.error().code))];
        refused(now);
        finish(turn, now);
    }
}

void Load::on_event(Turn& turn, const wire::Event& event, TimePoint now) {
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        on_delta(turn, delta->text, now);
    } else if (std::holds_alternative<wire::Reset>(event.body)) {
        ++meter_.resets;
        turn.tokens = turn.bytes = 0;
    } else if (wire::is_end(event.body)) {
        on_end(turn, event.body, now);
    }
}

void Load::on_delta(Turn& turn, const std::string& text, TimePoint now) {
    const auto piece = script_.read(turn.bytes, text);
    ++meter_.deltas;
    meter_.tokens += piece.tokens;
    if (in_time(now)) {
        ++meter_.deltas_in_time;
        meter_.tokens_in_time += piece.tokens;
    }
    if (!piece.right) ++meter_.out_of_order;
    turn.bytes += text.size();
    if (piece.tokens == 0) return;
    // Those that share a delta come at the same time.
    if (turn.tokens == 0) {
        meter_.first.add(now - turn.due);
        count_gaps({}, piece.tokens - 1);
    } else {
        count_gaps(now - turn.last, 1);
        count_gaps({}, piece.tokens - 1);
    }
    turn.last = now;
    turn.tokens += piece.tokens;
    if (turn.cancel_after != 0 && turn.tokens >= turn.cancel_after && !turn.cancel_asked) {
        turn.cancel_asked = true;
        ports_.cancel(turn);
    }
}

// While the load was at its full.
bool Load::in_time(TimePoint now) const {
    return plan_.lasts && now - started_at_ >= plan_.settles && now - started_at_ <= *plan_.lasts;
}

void Load::count_gaps(Duration gap, std::uint64_t times) {
    meter_.gap.add(gap, times);
    meter_.jitter.add(std::chrono::abs(gap - plan_.between_tokens), times);
}

void Load::on_end(Turn& turn, const wire::EventBody& body, TimePoint now) {
    if (const auto* completed = std::get_if<wire::Completed>(&body)) {
        ++meter_.completed;
        meter_.turn.add(now - turn.due);
        if (!completed->degraded.empty()) ++meter_.degraded;
        if (in_time(now)) ++meter_.completed_in_time;
        if (plan_.reply_tokens > turn.tokens) meter_.lost += plan_.reply_tokens - turn.tokens;
    } else if (std::holds_alternative<wire::Cancelled>(body)) {
        ++meter_.cancelled;
    } else if (const auto* rejected = std::get_if<wire::Rejected>(&body)) {
        ++meter_.rejected;
        ++meter_.codes[std::string(name(rejected->code))];
        meter_.refusal.add(now - turn.submitted);
        refused(now);
    } else if (const auto* failed = std::get_if<wire::Failed>(&body)) {
        ++meter_.failed;
        ++meter_.codes[std::string(name(failed->code))];
    }
    finish(turn, now);
    on_time(now);
}

void Load::refused(TimePoint now) {
    if (!plan_.arrivals) pauses_.push_back(now + refused_pause);
}

void Load::finish(Turn& turn, TimePoint now) {
    turn.runs = false;
    free_.push_back(&turn);
    meter_.lasted = now - started_at_;
}

void Load::stop(TimePoint now) {
    if (over_) return;
    stopped_ = true;
    meter_.unfinished = in_flight();
    for (const auto& turn : turns_) {
        if (turn->runs) ports_.abandon(*turn);
    }
    meter_.lasted = now - started_at_;
    over_ = true;
}

void Load::look_whether_over() {
    over_ = over_ || ((stopped_ || meter_.started == plan_.turns) && in_flight() == 0);
}

}  // namespace emostage::load
