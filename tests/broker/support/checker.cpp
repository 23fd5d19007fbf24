#include "tests/broker/support/checker.hpp"

#include <algorithm>

#include "core/codec/hash.hpp"
#include "tests/broker/support/reply_view.hpp"
#include "tests/broker/support/scene.hpp"

namespace emostage::broker::test {

void Checker::published(const std::string& gateway, const wire::Event& event) {
    if (event.seq == 0) {
        const bool numberless = std::holds_alternative<wire::Hello>(event.body) ||
                                std::holds_alternative<wire::Beacon>(event.body) ||
                                std::holds_alternative<wire::Rejected>(event.body);
        if (!numberless) violated(event.turn + ": " + type_of(event.body) + " without a number");
        return;
    }
    Turn& turn = turns_[event.turn];
    const auto first = first_number(event);
    const auto last = turn.events.size();
    if (event.seq == last + 1 && first == event.seq) {
        take_new(turn, event);
    } else if (event.seq > last) {
        violated(event.turn + ": a hole before " + std::to_string(event.seq));
        return;
    } else if (first < event.seq) {
        compare_merged(turn, event, first);
    } else {
        compare(turn, event);
    }
    const auto seen = turn.seen.find(gateway);
    if (seen != turn.seen.end() && first > seen->second + 1) {
        violated(event.turn + ": out of order for " + gateway);
    }
    turn.seen[gateway] = std::max(turn.seen[gateway], event.seq);
}

void Checker::take_new(Turn& turn, const wire::Event& event) {
    if (turn.ended) violated(event.turn + ": " + type_of(event.body) + " after the end");
    const bool first = turn.events.empty();
    if (std::holds_alternative<wire::Accepted>(event.body) != first) {
        violated(event.turn + ": accepted is the first event and no other");
    }
    if (first) {
        ++accepted_;
        sessions_[event.session].turns.push_back(event.turn);
    } else if (event.attempt < turn.events.back().attempt ||
               event.session != turn.events.back().session) {
        violated(event.turn + ": an older attempt or another session");
    }
    if (const auto* delta = std::get_if<wire::Delta>(&event.body)) {
        if (delta->text.empty()) violated(event.turn + ": an empty delta");
        turn.text += delta->text;
    }
    if (std::holds_alternative<wire::Reset>(event.body)) {
        if (turn.text.empty()) violated(event.turn + ": a reset of nothing");
        turn.text.clear();
    }
    if (const auto* completed = std::get_if<wire::Completed>(&event.body)) {
        if (completed->text_bytes != turn.text.size() ||
            completed->text_hash != codec::text_hash(turn.text)) {
            violated(event.turn + ": completed with another text than was shown");
        }
    }
    if (wire::is_end(event.body)) {
        turn.ended = true;
        ++ends_[type_of(event.body)];
        auto& running = sessions_[event.session].running;
        if (running == event.turn) running.clear();
    }
    turn.events.push_back(event);
}

void Checker::compare(const Turn& turn, const wire::Event& event) {
    if (turn.events[event.seq - 1] == event) return;
    violated(event.turn + ": two contents of number " + std::to_string(event.seq));
}

void Checker::compare_merged(const Turn& turn, const wire::Event& event, std::uint64_t from) {
    std::string text;
    for (auto seq = from; seq <= event.seq; ++seq) {
        const auto& single = turn.events[seq - 1];
        const auto* delta = std::get_if<wire::Delta>(&single.body);
        if (!delta || single.attempt != event.attempt) {
            violated(event.turn + ": merged over number " + std::to_string(seq));
            return;
        }
        text += delta->text;
    }
    if (text != std::get<wire::Delta>(event.body).text) {
        violated(event.turn + ": merged to another text before " + std::to_string(event.seq));
    }
}

void Checker::sent(const wire::ToWorker& message) {
    const auto* lease = std::get_if<wire::Lease>(&message);
    if (!lease) return;
    if (!leases_.insert(lease->lease).second) violated(lease->turn + ": a lease id used twice");
    const auto found = turns_.find(lease->turn);
    if (found == turns_.end() || found->second.ended) {
        violated(lease->turn + ": leased though it is not live");
        return;
    }
    if (lease->attempt < std::max(found->second.leased_attempt, 1u)) {
        violated(lease->turn + ": leased as an older attempt");
    }
    found->second.leased_attempt = lease->attempt;
    Session& session = sessions_[lease->session];
    if (!session.running.empty() && session.running != lease->turn) {
        violated(lease->session + ": two turns run at once");
    }
    session.running = lease->turn;
    for (const auto& turn : session.turns) {
        if (turn == lease->turn) break;
        if (!turns_[turn].ended) violated(lease->turn + ": runs before " + turn);
    }
}

void Checker::finish() {
    for (const auto& [id, turn] : turns_) {
        if (!turn.ended) violated(id + ": never ended");
    }
}

std::uint64_t Checker::ended(const std::string& type) const {
    const auto found = ends_.find(type);
    return found == ends_.end() ? 0 : found->second;
}

std::uint64_t Checker::last_number(const std::string& turn) const {
    const auto found = turns_.find(turn);
    return found == turns_.end() ? 0 : found->second.events.size();
}

bool Checker::has_ended(const std::string& turn) const {
    const auto found = turns_.find(turn);
    return found != turns_.end() && found->second.ended;
}

std::string Checker::text(const std::string& turn) const {
    const auto found = turns_.find(turn);
    return found == turns_.end() ? std::string() : found->second.text;
}

}  // namespace emostage::broker::test
