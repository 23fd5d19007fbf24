// Which gateways hear of which turns: the opener and those that asked to resume.
//
// Publishes in the order of the turn's numbers to every asker, replays, and sends the beacons that
// let a gateway find a lost tail. Bounded: askers of a turn, gateways at one time, turns in one
// beacon. Owner of every Gateway; a gateway is known while it asks for a turn.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/broker.hpp"
#include "broker/config.hpp"
#include "broker/turn.hpp"

namespace emostage::broker {

struct Gateway {
    std::string name;
    std::vector<Turn*> turns;
    TimePoint beacon_at{};
    std::size_t unlisted = 0;  // of `turns`, from the front: not yet in the beacon under way
    std::list<Gateway*>::iterator in_beacons{};
};

class Fanout {
public:
    Fanout(const Config& config, Counters& counters, Outputs& outputs)
        : config_(config), counters_(counters), outputs_(outputs) {}

    bool has_room_for(const std::string& gateway) const;

    // The turn's events go to the gateway too from now on. False: the turn has all the askers, or
    // the broker all the gateways, that it may have.
    bool attach(Turn& turn, const std::string& gateway, TimePoint now);
    static bool asks(const Turn& turn, std::string_view gateway);

    void publish(const Turn& turn, std::uint64_t seq, wire::EventBody body, std::int64_t at_ms);
    // Takes the text. No allocation.
    void publish_delta(const Turn& turn, std::uint64_t seq, std::string& text, std::int64_t at_ms);
    // From the log, what has a number after `after` up to `upto`, to all askers.
    void tell(const Turn& turn, std::uint64_t after, std::uint64_t upto);
    // What was told after the number `after` up to `upto`, to one gateway. Gives its bytes, about.
    std::size_t replay(const Turn& turn, const std::string& gateway, std::uint64_t after,
                       std::uint64_t upto);
    // To one gateway, without a number.
    void publish_unnumbered(std::string_view gateway, std::string turn, std::string session,
                            wire::EventBody body, std::int64_t at_ms);

    // The same for a refusal, which is counted.
    void reject(std::string_view gateway, const std::string& turn, const std::string& session,
                wire::Rejected why, std::int64_t at_ms);

    // The turn's end was told: its askers keep it in their beacons for `beacon_after_end`.
    void fade(Turn& turn, TimePoint now);
    void detach_all(Turn& turn);

    // One beacon, or one faded turn. Returns the turns that were touched; 0: nothing is due.
    std::size_t step(Now now);
    std::optional<TimePoint> next() const;
    // The gateway's next beacon is due: it may have missed something.
    void hasten(const std::string& gateway, TimePoint now);

    std::size_t gateways() const { return gateways_.size(); }

private:
    void publish_alert(const Turn& turn, const wire::Event& event);
    wire::Event& fill(const Turn& turn, std::uint64_t seq, std::int64_t at_ms);
    std::size_t send_beacon(Gateway& gateway, Now now);

    const Config& config_;
    Counters& counters_;
    Outputs& outputs_;
    std::unordered_map<std::string, std::unique_ptr<Gateway>> gateways_;
    std::list<Gateway*> beacons_;  // by beacon_at
    std::list<Turn*> fading_;      // ended, still with askers; by fades_at
    wire::Event event_;            // reused: its strings keep their capacity
};

}  // namespace emostage::broker
