#include "broker/fanout.hpp"

#include <algorithm>

#include "broker/event_bytes.hpp"

namespace emostage::broker {

bool Fanout::has_room_for(const std::string& gateway) const {
    return gateways_.size() < config_.gateways_max || gateways_.contains(gateway);
}

bool Fanout::asks(const Turn& turn, std::string_view gateway) {
    return std::any_of(turn.askers.begin(), turn.askers.end(),
                       [&](const Asker& asker) { return asker.gateway->name == gateway; });
}

bool Fanout::attach(Turn& turn, const std::string& name, TimePoint now) {
    if (asks(turn, name)) return true;
    if (turn.askers.size() >= config_.askers_per_turn_max || !has_room_for(name)) return false;
    auto& gateway = gateways_[name];
    if (!gateway) {
        gateway = std::make_unique<Gateway>();
        gateway->name = name;
        gateway->beacon_at = now + config_.beacon;
        gateway->in_beacons = beacons_.insert(beacons_.end(), gateway.get());
    }
    turn.askers.push_back({gateway.get(), gateway->turns.size()});
    gateway->turns.push_back(&turn);
    return true;
}

void Fanout::detach_all(Turn& turn) {
    if (turn.fading) {
        fading_.erase(turn.in_fading);
        turn.fading = false;
    }
    for (const Asker& asker : turn.askers) {
        Gateway& gateway = *asker.gateway;
        Turn* last = gateway.turns.back();
        if (last != &turn) {
            gateway.turns[asker.place] = last;
            for (Asker& moved : last->askers) {
                if (moved.gateway == &gateway) moved.place = asker.place;
            }
        }
        gateway.turns.pop_back();
        gateway.unlisted = std::min(gateway.unlisted, gateway.turns.size());
        if (gateway.turns.empty()) {
            beacons_.erase(gateway.in_beacons);
            gateways_.erase(gateways_.find(gateway.name));
        }
    }
    turn.askers.clear();
    turn.askers.shrink_to_fit();
}

void Fanout::fade(Turn& turn, TimePoint now) {
    turn.fades_at = now + config_.beacon_after_end;
    turn.in_fading = fading_.insert(fading_.end(), &turn);
    turn.fading = true;
}

wire::Event& Fanout::fill(const Turn& turn, std::uint64_t seq, std::int64_t at_ms) {
    event_.turn = turn.open.turn;
    event_.session = turn.open.session;
    event_.seq = seq;
    event_.attempt = turn.attempt;
    event_.at_ms = at_ms;
    return event_;
}

void Fanout::publish(const Turn& turn, std::uint64_t seq, wire::EventBody body,
                     std::int64_t at_ms) {
    auto& event = fill(turn, seq, at_ms);
    event.body = std::move(body);
    for (const Asker& asker : turn.askers) outputs_.publish(asker.gateway->name, event);
    if (std::holds_alternative<wire::Alert>(event.body)) publish_alert(turn, event);
}

void Fanout::publish_alert(const Turn& turn, const wire::Event& event) {
    const auto& alerts = config_.alerts;
    if (!alerts.empty() && !asks(turn, alerts)) outputs_.publish(alerts, event);
}

void Fanout::tell(const Turn& turn, std::uint64_t after, std::uint64_t upto) {
    turn.log.replay(after, upto, config_.replay_delta_bytes, [&](wire::Event& event) {
        event.turn = turn.open.turn;
        event.session = turn.open.session;
        for (const Asker& asker : turn.askers) outputs_.publish(asker.gateway->name, event);
        if (std::holds_alternative<wire::Alert>(event.body)) publish_alert(turn, event);
    });
}

void Fanout::publish_delta(const Turn& turn, std::uint64_t seq, std::string& text,
                           std::int64_t at_ms) {
    auto& event = fill(turn, seq, at_ms);
    auto* delta = std::get_if<wire::Delta>(&event.body);
    if (!delta) delta = &event.body.emplace<wire::Delta>();
    delta->text.swap(text);
    delta->from = 0;
    for (const Asker& asker : turn.askers) outputs_.publish(asker.gateway->name, event);
}

std::size_t Fanout::replay(const Turn& turn, const std::string& gateway, std::uint64_t after,
                           std::uint64_t upto) {
    ++counters_.replays;
    std::size_t bytes = 0;
    const auto told = std::min(upto, turn.told);
    turn.log.replay(after, told, config_.replay_delta_bytes, [&](wire::Event& event) {
        event.turn = turn.open.turn;
        event.session = turn.open.session;
        bytes += event_bytes(event);
        outputs_.publish(gateway, event);
    });
    return bytes;
}

void Fanout::publish_unnumbered(std::string_view gateway, std::string turn, std::string session,
                                wire::EventBody body, std::int64_t at_ms) {
    outputs_.publish(gateway, {std::move(turn), std::move(session), 0, 0, at_ms, std::move(body)});
}

void Fanout::reject(std::string_view gateway, const std::string& turn, const std::string& session,
                    wire::Rejected why, std::int64_t at_ms) {
    ++counters_.rejected;
    publish_unnumbered(gateway, turn, session, std::move(why), at_ms);
}

std::size_t Fanout::step(Now now) {
    if (!fading_.empty() && fading_.front()->fades_at <= now.steady) {
        detach_all(*fading_.front());
        return 1;
    }
    if (beacons_.empty() || beacons_.front()->beacon_at > now.steady) return 0;
    return send_beacon(*beacons_.front(), now);
}

// From the back: a turn that is detached meanwhile is replaced by the last, which was listed
// already, so that none is passed over. New ones, at the end, were just heard of.
std::size_t Fanout::send_beacon(Gateway& gateway, Now now) {
    if (gateway.unlisted == 0) gateway.unlisted = gateway.turns.size();
    const auto count = std::min(gateway.unlisted, config_.beacon_turns_max);
    wire::Beacon beacon;
    beacon.live.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Turn& turn = *gateway.turns[--gateway.unlisted];
        beacon.live.emplace_back(turn.open.turn, turn.told);
    }
    if (gateway.unlisted == 0) {
        gateway.beacon_at = now.steady + config_.beacon;
        beacons_.splice(beacons_.end(), beacons_, gateway.in_beacons);
    }
    publish_unnumbered(gateway.name, {}, {}, std::move(beacon), now.unix_ms);
    return count;
}

void Fanout::hasten(const std::string& name, TimePoint now) {
    const auto found = gateways_.find(name);
    if (found == gateways_.end()) return;
    Gateway& gateway = *found->second;
    if (gateway.beacon_at <= now) return;
    gateway.beacon_at = now;
    beacons_.splice(beacons_.begin(), beacons_, gateway.in_beacons);
}

std::optional<TimePoint> Fanout::next() const {
    std::optional<TimePoint> at;
    if (!beacons_.empty()) at = beacons_.front()->beacon_at;
    if (!fading_.empty()) {
        const auto fades = fading_.front()->fades_at;
        at = at ? std::min(*at, fades) : fades;
    }
    return at;
}

}  // namespace emostage::broker
