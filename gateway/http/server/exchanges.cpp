#include "gateway/http/server/exchanges.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <cassert>
#include <utility>

#include "core/log/log.hpp"

namespace emostage::http {
namespace {

constexpr int client_gone = 499;

Outcome outcome_of(const wire::Event& end) {
    if (std::holds_alternative<wire::Completed>(end.body)) return Outcome::completed;
    if (std::holds_alternative<wire::Cancelled>(end.body)) return Outcome::cancelled;
    if (std::holds_alternative<wire::Rejected>(end.body)) return Outcome::rejected;
    return Outcome::failed;
}

}  // namespace

void Exchange::on_event(const wire::Event& event) { owner_.on_event(*this, event); }

void Exchange::RecordReader::on_event(const wire::Event& event) {
    record_.on_event(event);
    if (!wire::is_end(event.body)) return;
    reading_ = false;
    owner_.owner_.mark(owner_);
}

Exchanges::Exchanges(asio::io_context& loop, gateway::Client& client, Tally& tally)
    : loop_(loop), client_(client), tally_(tally), timer_(loop) {}

Exchanges::~Exchanges() {
    *alive_ = false;
    for (auto& [connection, exchange] : open_) leave_turn(*exchange);
}

Exchange& Exchanges::add(Asked asked, std::unique_ptr<Outlet> outlet) {
    const auto connection = asked.connection;
    ++by_client_[asked.client];
    const auto exchange = std::make_shared<Exchange>(*this, std::move(asked), std::move(outlet));
    exchange->outlet().on_written([this, alive = alive_, weak = std::weak_ptr(exchange)] {
        const auto self = weak.lock();
        if (!*alive || !self || !self->told_) return;
        self->told_->on_written(Clock::now());
        settle(*self);
    });
    const auto [at, added] = open_.emplace(connection, exchange);
    assert(added);
    (void)added;
    arm(Clock::now() + look);
    return *at->second;
}

void Exchanges::open(Exchange& exchange, gateway::OpenRequest request) {
    assert(!request.turn.empty());
    exchange.turn_ = request.turn;
    const auto opened = client_.open(std::move(request), exchange);
    if (opened) return begin_reading(exchange);
    exchange.told_->refuse(api_error(opened.error().code, opened.error().message), Clock::now());
    settle(exchange);
}

void Exchanges::join(Exchange& exchange, std::string turn, std::uint64_t after) {
    exchange.turn_ = turn;
    if (after > 0) ++tally_.resumes;
    const auto joined = client_.join(std::move(turn), exchange, after);
    if (joined) return begin_reading(exchange);
    exchange.told_->refuse(api_error(joined.error().code, joined.error().message), Clock::now());
    settle(exchange);
}

void Exchanges::cancel(Exchange& exchange) {
    if (exchange.reading_) client_.cancel(exchange.turn_);
}

std::size_t Exchanges::of_client(const std::string& client) const {
    const auto found = by_client_.find(client);
    return found == by_client_.end() ? 0 : found->second;
}

void Exchanges::on_event(Exchange& exchange, const wire::Event& event) {
    if (std::holds_alternative<wire::Delta>(event.body)) {
        ++tally_.deltas;
        if (!std::exchange(exchange.delta_seen_, true)) {
            tally_.first_delta.observe(Clock::now() - exchange.asked().at);
        }
    } else if (wire::is_end(event.body)) {
        end_reading(exchange);
        tally_.ended(outcome_of(event));
    }
    exchange.told_->on_event(event);
    mark(exchange);
}

// --- the loop turn's end -------------------------------------------------------------------------

void Exchanges::mark(Exchange& exchange) {
    if (std::exchange(exchange.dirty_, true)) return;
    const auto found = open_.find(exchange.asked().connection);
    if (found == open_.end() || found->second.get() != &exchange) return;
    dirty_.push_back(found->second);
    post_flush();
}

void Exchanges::post_flush() {
    if (std::exchange(flush_posted_, true)) return;
    asio::post(loop_, [this, alive = alive_] {
        if (*alive) flush();
    });
}

void Exchanges::flush() {
    flush_posted_ = false;
    ended_.clear();
    const TimePoint now = Clock::now();
    const auto dirty = std::exchange(dirty_, {});
    for (const auto& weak : dirty) {
        if (const auto exchange = weak.lock()) flush(*exchange, now);
    }
}

void Exchanges::flush(Exchange& exchange, TimePoint now) {
    exchange.dirty_ = false;
    exchange.told_->flush(now);
    if (exchange.told_->begun() && !std::exchange(exchange.begun_, true)) {
        tally_.first_byte.observe(now - exchange.asked().at);
    }
    if (exchange.told_->wants_record()) read_record(exchange);
    settle(exchange);
    if (!exchange.told_->over()) arm(exchange.told_->next_time());
}

void Exchanges::read_record(Exchange& exchange) {
    auto& reader = exchange.record_;
    if (!std::exchange(reader.asked_, true)) {
        reader.reading_ = client_.join(exchange.turn_, reader, 0).has_value();
    }
    if (reader.reading_) return;
    const auto& end = reader.record_.end();
    if (end && end->seq != 0) return exchange.told_->on_record(reader.record_, Clock::now());
    exchange.told_->refuse({500, "server_error", "internal", "the turn cannot be read again"},
                           Clock::now());
}

// --- ends ----------------------------------------------------------------------------------------

void Exchanges::settle(Exchange& exchange) {
    if (!exchange.told_->over()) return;
    const int status = exchange.told_->status();
    finish(exchange, status == 0 ? client_gone : status);
}

void Exchanges::gone(std::uint64_t connection) {
    const auto found = open_.find(connection);
    if (found == open_.end()) return;
    ++tally_.clients_gone;
    Exchange& exchange = *found->second;
    exchange.told_->cut();
    finish(exchange, client_gone);
}

void Exchanges::cut(std::uint64_t connection) {
    const auto found = open_.find(connection);
    if (found == open_.end()) return;
    found->second->told_->cut();
    finish(*found->second, client_gone);
}

void Exchanges::refuse_all(const ApiError& error) {
    const TimePoint now = Clock::now();
    for (const auto connection : connections()) {
        const auto found = open_.find(connection);
        if (found == open_.end() || found->second->told_->over()) continue;
        found->second->told_->refuse(error, now);
        settle(*found->second);
    }
}

void Exchanges::cut_all() {
    for (const auto connection : connections()) cut(connection);
}

std::vector<std::uint64_t> Exchanges::connections() const {
    std::vector<std::uint64_t> all;
    all.reserve(open_.size());
    for (const auto& [connection, exchange] : open_) all.push_back(connection);
    return all;
}

void Exchanges::finish(Exchange& exchange, int status) {
    const auto found = open_.find(exchange.asked().connection);
    if (found == open_.end() || found->second.get() != &exchange) return;
    if (exchange.reading_) tally_.ended(Outcome::left);
    leave_turn(exchange);
    const Asked& asked = exchange.asked();
    const HttpTurn& told = *exchange.told_;
    tally_.answered(asked.route, status);
    tally_.body_bytes += told.bytes();
    tally_.pings += told.pings();
    tally_.slow_readers += told.slow() ? 1 : 0;
    const auto duration = Clock::now() - asked.at;
    tally_.answer.observe(duration);
    log::info("request", {{"request", asked.id},
                          {"route", pattern(asked.route)},
                          {"status", status},
                          {"turn", exchange.turn_},
                          {"trace", asked.trace},
                          {"key", asked.scope},
                          {"duration_ms", duration},
                          {"bytes", told.bytes()},
                          {"slow", told.slow()}});
    const auto client = by_client_.find(asked.client);
    if (client != by_client_.end() && --client->second == 0) by_client_.erase(client);
    ended_.push_back(std::move(found->second));
    open_.erase(found);
    post_flush();
}

// The turn goes on or is cancelled, as it was asked for; nothing more is heard of it here. A client
// that asks again under the same Idempotency-Key may be here before its lost connection is known to
// be gone: the turn is cancelled with the last of those who asked for that.
void Exchanges::leave_turn(Exchange& exchange) {
    if (std::exchange(exchange.record_.reading_, false)) {
        client_.leave(exchange.turn_, exchange.record_);
    }
    if (!exchange.reading_) return;
    end_reading(exchange);
    if (exchange.cancels() && cancellers_.count(exchange.turn_) == 0) {
        client_.abandon(exchange.turn_, exchange);
    } else {
        client_.leave(exchange.turn_, exchange);
    }
}

void Exchanges::begin_reading(Exchange& exchange) {
    exchange.reading_ = true;
    if (exchange.cancels()) ++cancellers_[exchange.turn_];
}

void Exchanges::end_reading(Exchange& exchange) {
    if (!std::exchange(exchange.reading_, false) || !exchange.cancels()) return;
    const auto found = cancellers_.find(exchange.turn_);
    if (--found->second == 0) cancellers_.erase(found);
}

// --- time ----------------------------------------------------------------------------------------

void Exchanges::arm(TimePoint at) {
    if (armed_at_ && *armed_at_ <= at) return;
    const TimePoint now = Clock::now();
    at = std::clamp(at, now + look_least, now + look);
    if (armed_at_ && *armed_at_ <= at) return;
    armed_at_ = at;
    timer_.expires_at(at);
    timer_.async_wait([this, alive = alive_](const asio::error_code& error) {
        if (error || !*alive) return;
        armed_at_.reset();
        look_at_times();
    });
}

void Exchanges::look_at_times() {
    const TimePoint now = Clock::now();
    TimePoint next = now + look;
    std::vector<Held> due;
    for (const auto& [connection, exchange] : open_) {
        const TimePoint at = exchange->told_->next_time();
        if (at <= now) {
            due.push_back(exchange);
        } else {
            next = std::min(next, at);
        }
    }
    for (const Held& exchange : due) {
        exchange->told_->on_time(now);
        settle(*exchange);
    }
    if (!open_.empty()) arm(next);
}

}  // namespace emostage::http
