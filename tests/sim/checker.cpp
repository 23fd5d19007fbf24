#include "tests/sim/checker.hpp"

#include <algorithm>
#include <array>

#include "core/codec/codec.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

std::string name_of(const wire::EventBody& body) {
    static constexpr std::array names{"hello",  "beacon",    "pipelines", "accepted", "started",
                                      "stage",  "delta",     "reset",     "alert",    "completed",
                                      "failed", "cancelled", "rejected",  "other"};
    static_assert(std::variant_size_v<wire::EventBody> == names.size());
    return names[body.index()];
}

void Checker::violated(const std::string& what) {
    history_.note("CHECKER", [&] { return what; });
    violations_.push_back(what);
}

void Checker::turn_is_made(const wire::Open& open) {
    auto& turn = turns_[open.turn];
    turn.open = open;
    turn.made_at = timeline_.now();
    count("opened");
}

bool Checker::accepted(const std::string& turn) const { return turns_.at(turn).decided_accepted; }
bool Checker::ended(const std::string& turn) const { return turns_.at(turn).decided_end; }

// --- the broker ----------------------------------------------------------------------------------

// What it had decided and not stored is not known any more, not even that it was.
void Checker::broker_killed() {
    count("broker killed");
    for (auto& [id, turn] : turns_) {
        turn.leased_attempt = 0;
        if (is_durable(id, false)) turn.published.broker_died();
    }
    said_to_.clear();
}

void Checker::broker_decides(const wire::Event& event) {
    if (event.seq == 0) {
        const auto* rejected = std::get_if<wire::Rejected>(&event.body);
        if (!rejected) return;
        count("rejected");
        count("rejected " + std::string(name(rejected->code)));
        const auto turn = turns_.find(event.turn);
        const bool known = turn != turns_.end() && turn->second.decided_accepted;
        if (known && rejected->code != Errc::overloaded)
            violated(event.turn + ": accepted, and rejected as " +
                     std::string(name(rejected->code)));
        return;
    }
    auto& turn = turns_[event.turn];
    const bool fresh = event.seq > turn.published.last();
    if (std::holds_alternative<wire::Accepted>(event.body) && !turn.decided_accepted) {
        turn.decided_accepted = true;
        if (!is_durable(event.turn, false))
            violated(event.turn + ": accepted before it was stored");
    }
    if (std::holds_alternative<wire::Started>(event.body)) {
        if (const auto earlier = waits_for(event.turn))
            violated(event.turn + ": started before " + *earlier + " has ended");
    }
    if (wire::is_end(event.body) && !std::exchange(turn.decided_end, true) &&
        !is_durable(event.turn, true))
        violated(event.turn + ": ended before that was stored");
    // A delta leaves with the message that brought it, or with the commit that it needs: no timer.
    const auto* delta = std::get_if<wire::Delta>(&event.body);
    if (delta && delta->from == 0 && fresh && input_ == BrokerInput::time)
        violated(event.turn + ": a delta waited for a timer");
}

// Messages to different gateways that leave together have no order among them.
void Checker::broker_says(const std::vector<Message>& messages) {
    std::vector<wire::Event> events;
    for (const auto& [gateway, body] : messages) {
        auto batch = codec::decode_events(body);
        if (!batch) return violated("an event message cannot be read");
        for (auto& event : batch->events) {
            if (event.seq == 0) continue;
            said_to(gateway, event);
            events.push_back(std::move(event));
        }
    }
    std::stable_sort(events.begin(), events.end(), [](const auto& left, const auto& right) {
        return std::pair(left.seq, first_number(right)) < std::pair(right.seq, first_number(left));
    });
    for (const auto& event : events) said(event);
}

void Checker::said_to(const std::string& gateway, const wire::Event& event) {
    const auto first = first_number(event);
    history_.note("broker", [&] {
        return "to " + gateway + ": " + event.turn + " " + name_of(event.body) + " " +
               (first < event.seq ? std::to_string(first) + ".." : "") + std::to_string(event.seq) +
               " attempt " + std::to_string(event.attempt);
    });
    if (std::holds_alternative<wire::Alert>(event.body))
        (gateway == alerts_gateway ? alerts_told_ : alerts_).emplace(event.turn, event.seq);
    if (gateway == alerts_gateway) return;
    auto& last = said_to_[{gateway, event.turn}];
    if (last && first > last + 1) violated(event.turn + ": out of order for " + gateway);
    last = std::max(last, event.seq);
}

void Checker::said(const wire::Event& event) {
    auto& turn = turns_[event.turn];
    const auto before = turn.published.last();
    const auto continued = turn.published.continued(), voided = turn.published.voided();
    for (const auto& wrong : turn.published.take(event)) violated(event.turn + ": " + wrong);
    count("continued", turn.published.continued() - continued);
    count("voided", turn.published.voided() - voided);
    if (event.seq <= before) return count("replayed");
    if (event.session != turn.open.session) violated(event.turn + ": of another session");
    count(name_of(event.body));
    if (turn.open.on_lost == wire::OnLost::fail && std::holds_alternative<wire::Reset>(event.body))
        violated(event.turn + ": taken back, though it was to fail");
    if (turn.open.on_lost == wire::OnLost::reset && turn.published.continued() > continued)
        violated(event.turn + ": continued, though it was to start again");
    if (const auto* failed = std::get_if<wire::Failed>(&event.body))
        count("failed " + std::string(name(failed->code)));
    if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
        // Where some of it is untold, its readers judge.
        const auto text = turn.published.text();
        const auto wrong = text ? judge(event.turn, *completed, *text) : std::string();
        if (!wrong.empty()) violated(event.turn + ": " + wrong);
    }
}

void Checker::broker_sends(const wire::ToWorker& message) {
    const auto* lease = std::get_if<wire::Lease>(&message);
    if (!lease) return;
    count("leases");
    if (lease->attempt > 1) count("leased again");
    if (!leases_.emplace(lease->lease, lease->turn).second)
        violated(lease->turn + ": a lease id used twice");
    auto& turn = turns_[lease->turn];
    history_.note("broker", [&] {
        return "leases " + lease->turn + " attempt " + std::to_string(lease->attempt);
    });
    if (turn.decided_end) violated(lease->turn + ": leased after its end");
    if (lease->attempt < std::max(turn.leased_attempt, 1u))
        violated(lease->turn + ": leased as an older attempt");
    turn.leased_attempt = lease->attempt;
}

// --- readers -------------------------------------------------------------------------------------

std::uint64_t Checker::reader_begins(const std::string& gateway, const std::string& turn) {
    readers_[++readers_begun_] = {gateway, turn, 0, {}, false};
    return readers_begun_;
}

void Checker::reader_hears(std::uint64_t id, const wire::Event& event) {
    auto& reader = readers_.at(id);
    const auto who = reader.gateway + " reads " + reader.turn + ": ";
    if (reader.ended) violated(who + name_of(event.body) + " after the end");
    reader.ended = wire::is_end(event.body);
    if (event.seq == 0) return hears_unnumbered(reader, event);
    const auto first = first_number(event);
    // What stands for numbers that were lost says that they are void.
    const bool reset = std::holds_alternative<wire::Reset>(event.body);
    const bool voids = first < event.seq && !std::holds_alternative<wire::Delta>(event.body);
    if (voids ? first > reader.last + 1 || event.seq <= reader.last : first != reader.last + 1)
        violated(who + "number " + std::to_string(first) + " after " + std::to_string(reader.last));
    reader.last = event.seq;
    if (reset) reader.text.clear();
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) reader.text += delta->text;
    if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
        const auto wrong = judge(reader.turn, *completed, reader.text);
        if (!wrong.empty()) violated(who + wrong);
    }
    if (reader.ended) count("read to the end");
}

// Made by the gateway's own library, or a rejection.
void Checker::hears_unnumbered(Reader& reader, const wire::Event& event) {
    const auto who = reader.gateway + " reads " + reader.turn + ": ";
    const auto& turn = turns_[reader.turn];
    if (std::holds_alternative<wire::Rejected>(event.body)) return;  // see broker_decides
    if (std::holds_alternative<wire::Cancelled>(event.body)) {
        if (!cancels_.contains(reader.turn)) violated(who + "cancelled, though nobody wanted it");
        return;
    }
    if (const auto* failed = std::get_if<wire::Failed>(&event.body)) {
        const auto until = turn.made_at + turn.open.deadline.value_or(milliseconds(600'000));
        if (failed->code == Errc::deadline_exceeded && timeline_.now() >= until)
            return count("given up at the deadline");
        violated(who + "given up as " + std::string(name(failed->code)));
        return;
    }
    violated(who + "the library took back what it had shown");
}

void Checker::finish() {
    for (const auto& [id, turn] : turns_) {
        if (turn.decided_accepted && !turn.decided_end && !is_durable(id, true))
            violated(id + ": never ended");
    }
    for (const auto& [id, reader] : readers_) {
        if (!reader.ended)
            violated(reader.gateway + " reads " + reader.turn + ": never heard the end");
    }
    for (const auto& [turn, seq] : alerts_) {
        if (!alerts_told_.contains({turn, seq}))
            violated(turn + ": an alert that those who look after alerts were not told");
    }
}

}  // namespace emostage::sim
