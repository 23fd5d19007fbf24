#include "gateway/client/gateway_core.hpp"

#include <algorithm>
#include <cassert>

#include "core/codec/codec.hpp"
#include "gateway/client/broker_limits.hpp"
#include "gateway/client/open_content.hpp"

namespace emostage::gateway {

namespace {

bool is_worth_a_retry(Errc code) { return code == Errc::overloaded || code == Errc::unavailable; }

}  // namespace

GatewayCore::GatewayCore(Config config, Outputs& outputs, Now now)
    : config_(std::move(config)),
      outputs_(outputs),
      watch_(config_.quiet_max, config_.resubscribe_most, now.steady),
      resumes_(config_.resumes_per_second, config_.resumes_at_once) {}

// --- what the caller wants -----------------------------------------------------------------------

Result<void> GatewayCore::open(wire::Open open, TurnSink& sink, Now now) {
    open.gateway = config_.gateway;
    if (open.turn.empty()) return fail(Errc::invalid_field, "open: \"turn\" is missing");
    std::string bytes = codec::encode_command(wire::Command(open));
    // The broker's own check, with the limits that it told: what it would refuse does not leave.
    if (auto checked = codec::decode_command(bytes, limits_); !checked) {
        return tl::unexpected(checked.error().error);
    }
    if (bytes.size() > config_.open_bytes_max - std::min(open_bytes_, config_.open_bytes_max)) {
        return fail(Errc::overloaded, "too much text waits in this gateway; try again later");
    }
    const auto readers = readers_of(open.turn);
    for (const Turn* reader : readers) {
        if (!reader->open.empty() && !same_content(open, reader->open, limits_)) {
            return fail(Errc::conflict, "this turn id is already running here, with other content");
        }
    }
    auto added = add(std::move(open.turn), 0, sink, now);
    if (!added) return tl::unexpected(added.error());
    Turn& turn = **added;
    turn.beside = !readers.empty();
    turn.session = std::move(open.session);
    turn.open = std::move(bytes);
    open_bytes_ += turn.open.size();
    if (open.deadline) turn.deadline_at = now.steady + *open.deadline + config_.deadline_grace;
    turn.push_at = now.steady;
    ++counters_.opened;
    push_open(turn, now);
    schedule(turn);
    return {};
}

Result<void> GatewayCore::join(std::string id, std::uint64_t after, TurnSink& sink, Now now) {
    if (!codec::is_id(id)) {
        return fail(Errc::invalid_field, "turn must be 1 to 64 of A-Z a-z 0-9 . _ : -");
    }
    auto added = add(std::move(id), after, sink, now);
    if (!added) return tl::unexpected(added.error());
    Turn& turn = **added;
    turn.known = true;
    turn.ask = true;
    push_resume(turn, now);
    schedule(turn);
    return {};
}

Result<GatewayCore::Turn*> GatewayCore::add(std::string id, std::uint64_t after, TurnSink& sink,
                                            Now now) {
    if (turns_.size() >= config_.turns_max) {
        return fail(Errc::overloaded, "this gateway has " + std::to_string(config_.turns_max) +
                                          " turns running; try again later");
    }
    if (turns_.empty()) {
        watch_.becomes_due(now.steady);
        scan_at_ = now.steady + config_.scan;
    }
    auto turn = std::make_unique<Turn>();
    turn->id = id;
    turn->number = ++numbers_;
    turn->sink = &sink;
    turn->reader = TurnReader(after);
    turn->heard_at = now.steady;
    turn->deadline_at = now.steady + milliseconds(static_cast<std::int64_t>(limits_.deadline_ms)) +
                        config_.deadline_grace;
    turn->push_wait = config_.open_again;
    turn->resume_wait = config_.resume_again;
    turn->cancel_wait = config_.cancel_again;
    turn->timer = timers_.emplace(turn->deadline_at, turn.get());
    return turns_.emplace(std::move(id), std::move(turn))->second.get();
}

void GatewayCore::cancel(std::string_view id, Now now) {
    for (Turn* turn : readers_of(id)) cancel(*turn, now);
}

void GatewayCore::cancel(Turn& turn, Now now) {
    if (turn.cancelled) return;
    turn.cancelled = true;
    turn.cancel_at = now.steady;
    // A turn whose open never left ends in on_time(): a sink is not called from inside cancel().
    if (turn.known || turn.pushes > 0) push_cancel(turn, now);
    schedule(turn);
}

// It goes in on_time(): whoever walks over the turns while a sink is called finds it still there.
void GatewayCore::leave(std::string_view id, const TurnSink& sink, Now now) {
    for (Turn* turn : readers_of(id)) {
        if (turn->sink != &sink) continue;
        turn->sink = nullptr;
        turn->left = true;
        turn->deadline_at = now.steady;
        schedule(*turn);
    }
}

void GatewayCore::abandon(std::string_view id, const TurnSink& sink, Now now) {
    for (Turn* turn : readers_of(id)) {
        if (turn->sink != &sink) continue;
        turn->sink = nullptr;
        cancel(*turn, now);
    }
}

std::vector<GatewayCore::Turn*> GatewayCore::readers_of(std::string_view id) {
    std::vector<Turn*> readers;
    const auto [begin, end] = turns_.equal_range(id);
    for (auto at = begin; at != end; ++at) readers.push_back(at->second.get());
    return readers;
}

void GatewayCore::remove(Turn& turn) {
    timers_.erase(turn.timer);
    open_bytes_ -= turn.open.size();
    auto [at, end] = turns_.equal_range(turn.id);
    while (at != end && at->second.get() != &turn) ++at;
    assert(at != end);
    turns_.erase(at);
}

std::vector<GatewayCore::Turn*> GatewayCore::turns_in_order() {
    std::vector<Turn*> turns;
    turns.reserve(turns_.size());
    for (auto& [id, turn] : turns_) turns.push_back(turn.get());
    std::sort(turns.begin(), turns.end(),
              [](const Turn* left, const Turn* right) { return left->number < right->number; });
    return turns;
}

// --- what the broker says ------------------------------------------------------------------------

void GatewayCore::on(wire::EventBatch batch, Now now) {
    const wire::Hello* hello = nullptr;
    for (const auto& event : batch.events) {
        if (const auto* said = std::get_if<wire::Hello>(&event.body)) hello = said;
    }
    if (hello != nullptr) adopt(limits_, hello->limits);
    if (!on_broker(batch, hello != nullptr, now)) return;
    for (auto& event : batch.events) {
        if (!event.turn.empty()) {
            on_turn(std::move(event), now);
        } else if (const auto* beacon = std::get_if<wire::Beacon>(&event.body)) {
            on_beacon(*beacon, now);
        }
    }
}

void GatewayCore::on_news(wire::EventBatch batch) {
    for (auto& event : batch.events) {
        auto* pipelines = std::get_if<wire::Pipelines>(&event.body);
        if (pipelines != nullptr) pipelines_ = std::move(pipelines->names);
    }
}

// False: a late message of a broker that was left.
bool GatewayCore::on_broker(const wire::EventBatch& batch, bool hello, Now now) {
    const std::uint64_t newest = numbers_;  // later ones are opened by sinks, to this broker
    bool other = false;
    if (batch.broker != broker_) {
        if (!hello && batch.broker == retired_broker_) return false;
        other = !broker_.empty();
        retired_broker_ = std::exchange(broker_, batch.broker);
    }
    const bool now_ready = watch_.heard(now.steady);
    if (now_ready) outputs_.on_link(watch_.link());
    if (other) {
        ++counters_.brokers_lost;
        start_anew(now);
    }
    if (now_ready || hello || other) resync(newest, now);
    return true;
}

// The broker that had our turns is gone with its state: the same opens go to the new one.
void GatewayCore::start_anew(Now now) {
    const auto turns = turns_in_order();
    for (Turn* turn : turns) {
        turn->known = false;
        turn->pushes = turn->rereads = turn->reopens = 0;
    }
    for (Turn* turn : turns) {
        if (reopen(*turn, "broker_changed", now)) turn->reopens = 0;
    }
}

// The broker does not have the turn any more: its open is pushed as if for the first time. True:
// the turn goes on; false: it has ended.
bool GatewayCore::reopen(Turn& turn, const char* reason, Now now) {
    if (turn.cancelled) {
        end(turn, wire::Cancelled{"the broker does not have it"}, now);
        return false;
    }
    if (turn.open.empty() || turn.reopens == config_.reopens_max) {
        give_up(turn, Errc::unknown_turn, "the broker no longer has this turn", now);
        return false;
    }
    ++turn.reopens;
    turn.reader.forget();
    turn.known = turn.ask = turn.behind = false;
    turn.pushes = 0;
    turn.heard_at = turn.push_at = now.steady;
    turn.push_wait = config_.open_again;
    if (turn.shown) {
        tell(turn, {turn.id, turn.session, 0, 0, now.unix_ms, wire::Reset{reason}});
    }
    return true;
}

// The subscription is live (again): what was said before may be lost, in both directions.
void GatewayCore::resync(std::uint64_t newest, Now now) {
    for (Turn* turn : turns_in_order()) {
        if (turn->number > newest) break;
        turn->push_at = turn->cancel_at = now.steady;
        if (!turn->permitted) turn->resume_at = now.steady;
        turn->push_wait = config_.open_again;
        turn->resume_wait = config_.resume_again;
        turn->cancel_wait = config_.cancel_again;
        turn->ask = turn->known;
        push_open(*turn, now);
        push_resume(*turn, now);
        push_cancel(*turn, now);
        schedule(*turn);
    }
}

void GatewayCore::on_beacon(const wire::Beacon& beacon, Now now) {
    for (const auto& [id, last] : beacon.live) {
        for (auto [at, end] = turns_.equal_range(id); at != end; ++at) {
            Turn& turn = *at->second;
            turn.heard_at = now.steady;
            turn.reader.exists(last);
            if (!std::exchange(turn.known, true)) schedule(turn);
            look_for_gap(turn, now);
        }
    }
}

void GatewayCore::on_turn(wire::Event event, Now now) {
    const auto [first, end] = turns_.equal_range(event.turn);
    if (first == end) {
        ++counters_.foreign_events;
    } else if (std::next(first) == end) {
        on_turn(*first->second, std::move(event), now);
    } else {
        // Each ends itself alone, whatever their sinks do.
        for (Turn* turn : readers_of(event.turn)) on_turn(*turn, event, now);
    }
}

void GatewayCore::on_turn(Turn& turn, wire::Event event, Now now) {
    if (event.seq == 0) {
        on_rejected(turn, std::move(event), now);
        return;
    }
    ++counters_.events;
    turn.heard_at = now.steady;
    if (!std::exchange(turn.known, true)) schedule(turn);
    ready_.clear();
    turn.reader.on(std::move(event), ready_);
    for (const auto& next : ready_) {
        if (wire::is_end(next.body)) {
            finish(turn, next);
            return;
        }
        tell(turn, next);
    }
    if (turn.reader.state() == TurnReader::State::broken) {
        read_again(turn, now);
    } else {
        look_for_gap(turn, now);
    }
}

// A `rejected` without a number answers an open, or a cancel or resume of a turn that is not there.
// It may also answer another gateway of our name: what we did not ask for is not ours.
void GatewayCore::on_rejected(Turn& turn, wire::Event event, Now now) {
    const auto* rejected = std::get_if<wire::Rejected>(&event.body);
    if (rejected == nullptr) return;
    if (rejected->code == Errc::unknown_turn) {
        if (turn.open.empty() && !turn.shown) {
            finish(turn, event);
        } else if ((turn.known || turn.cancelled) && reopen(turn, "turn_lost", now)) {
            push_open(turn, now);
            schedule(turn);
        }
        return;
    }
    // Another reader's events make it look known; its own open is refused all the same.
    const bool refused = turn.beside && rejected->code == Errc::conflict;
    if ((turn.known && !refused) || turn.pushes == 0) return;
    // Another push of the same open may still get through, with nobody to listen. (After a conflict
    // the turn of this id is somebody else's.)
    if (turn.pushes > 1 && rejected->code != Errc::conflict) {
        turn.cancelled = true;
        turn.cancel_at = now.steady;
        push_cancel(turn, now);
    }
    if (turn.shown) {
        end(turn, wire::Failed{rejected->code, rejected->message, is_worth_a_retry(rejected->code)},
            now);
    } else {
        finish(turn, event);
    }
}

// The text contradicts its hash, or the order of attempts was broken: once more from the start.
void GatewayCore::read_again(Turn& turn, Now now) {
    if (turn.rereads == config_.rereads_max) {
        give_up(turn, Errc::internal, "the reply did not arrive whole", now);
        return;
    }
    ++turn.rereads;
    ++counters_.rereads;
    turn.reader.restart();
    turn.behind = true;
    if (!turn.permitted) turn.resume_at = now.steady;
    turn.resume_wait = config_.resume_again;
    tell(turn, {turn.id, turn.session, 0, 0, now.unix_ms, wire::Reset{"damaged"}});
    push_resume(turn, now);
    schedule(turn);
}

void GatewayCore::look_for_gap(Turn& turn, Now now) {
    if (turn.behind == turn.reader.behind()) return;
    turn.behind = !turn.behind;
    if (turn.behind) {
        ++counters_.gaps;
        turn.resume_at = std::max(turn.resume_at, now.steady + config_.gap_wait);
    } else {
        turn.resume_wait = config_.resume_again;
    }
    schedule(turn);
}

// --- time ----------------------------------------------------------------------------------------

void GatewayCore::on_time(Now now) {
    const Link before = watch_.link();
    if (watch_.on_time(now.steady, !turns_.empty())) {
        if (watch_.link() != before) {
            ++counters_.reconnects;
            outputs_.on_link(watch_.link());
        }
        outputs_.resubscribe();
    }
    if (!turns_.empty() && now.steady >= scan_at_) scan(now);
    // Each turn at most once: what it is due for now, it does now or moves to a later time.
    for (auto left = timers_.size(); left > 0 && !timers_.empty(); --left) {
        const auto first = timers_.begin();
        if (first->first > now.steady) break;
        act(*first->second, now);
    }
}

std::optional<TimePoint> GatewayCore::next_time() const {
    auto at = watch_.next_time(!turns_.empty());
    if (turns_.empty()) return at;
    const TimePoint due = std::min(scan_at_, timers_.begin()->first);
    return at ? std::min(*at, due) : due;
}

// Turns of which nothing is heard: asked for, at last given up.
void GatewayCore::scan(Now now) {
    scan_at_ = now.steady + config_.scan;
    std::vector<Turn*> silent;
    for (auto& [id, turn] : turns_) {
        const auto quiet = now.steady - turn->heard_at;
        if (turn->left) continue;
        if (quiet >= config_.silent_max) {
            silent.push_back(turn.get());
        } else if (turn->known && !turn->ask && !turn->behind && quiet >= config_.unlisted_max) {
            turn->ask = true;
            schedule(*turn);
        }
    }
    std::sort(silent.begin(), silent.end(),
              [](const Turn* left, const Turn* right) { return left->number < right->number; });
    for (Turn* turn : silent) {
        give_up(*turn, Errc::unavailable,
                turn->pushes == 0 && !turn->known ? "the broker cannot be reached"
                                                  : "nothing is heard of the turn any more",
                now);
    }
}

void GatewayCore::act(Turn& turn, Now now) {
    if (turn.left) {
        remove(turn);
        return;
    }
    if (now.steady >= turn.deadline_at) {
        give_up(turn, Errc::deadline_exceeded, "no end came before the deadline", now);
        return;
    }
    if (turn.cancelled && !turn.known && turn.pushes == 0) {
        end(turn, wire::Cancelled{"before it was sent"}, now);
        return;
    }
    push_open(turn, now);
    push_resume(turn, now);
    push_cancel(turn, now);
    schedule(turn);
}

// --- what the sinks hear -------------------------------------------------------------------------

void GatewayCore::tell(Turn& turn, const wire::Event& event) {
    if (turn.sink == nullptr) return;
    turn.shown = true;
    turn.sink->on_event(event);
}

// The turn is forgotten first, so that its sink may open it again.
void GatewayCore::finish(Turn& turn, const wire::Event& event) {
    TurnSink* sink = turn.sink;
    remove(turn);
    if (sink != nullptr) sink->on_event(event);
}

void GatewayCore::end(Turn& turn, wire::EventBody body, Now now) {
    finish(turn, {turn.id, turn.session, 0, 0, now.unix_ms, std::move(body)});
}

void GatewayCore::give_up(Turn& turn, Errc code, std::string message, Now now) {
    ++counters_.given_up;
    turn.cancelled = true;
    turn.cancel_at = now.steady;
    push_cancel(turn, now);
    end(turn, wire::Failed{code, std::move(message), code != Errc::deadline_exceeded}, now);
}

}  // namespace emostage::gateway
