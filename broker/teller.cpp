#include "broker/teller.hpp"

#include <utility>

namespace emostage::broker {

bool Teller::may_go(Turn& turn, std::uint64_t seq, Now now) {
    state_.ledger.changed(turn, now);
    if (turn.told + 1 == seq && state_.ledger.limit(turn) >= seq) {
        turn.told = seq;
        return true;
    }
    state_.ledger.urgent(turn);
    return false;
}

void Teller::say(Turn& turn, wire::EventBody body, Now now) {
    ++state_.counters.events;
    const auto seq = turn.log.append(body, turn.attempt, now.unix_ms);
    if (may_go(turn, seq, now)) state_.fanout.publish(turn, seq, std::move(body), now.unix_ms);
}

void Teller::say_delta(Turn& turn, std::string& text, Now now) {
    auto& counters = state_.counters;
    ++counters.events;
    ++counters.deltas;
    counters.delta_bytes += text.size();
    const auto seq = turn.log.append_delta(text, turn.attempt, now.unix_ms);
    if (may_go(turn, seq, now)) {
        state_.fanout.publish_delta(turn, seq, text, now.unix_ms);
    } else {
        state_.ledger.press(turn, seq);
    }
}

void Teller::say_over_unknown(Turn& turn, wire::EventBody body, Now now) {
    ++state_.counters.events;
    state_.ledger.hold(turn);
    const auto unknown = std::exchange(turn.maybe_told, 0);
    turn.log.append_gap(unknown + 1, std::move(body), turn.attempt, now.unix_ms);
}

void Teller::tell(Turn& turn) {
    const auto upto = state_.ledger.limit(turn);
    if (turn.told >= upto) return;
    const auto told = std::exchange(turn.told, upto);
    state_.fanout.tell(turn, told, upto);
}

}  // namespace emostage::broker
