// Which endpoint takes a call, and how each is doing.
//
// A session stays with the endpoint that its name hashes to (rendezvous hashing: when an endpoint
// goes, only its sessions move), which holds its prefix cache, while that one is healthy, has room
// and is not much more loaded than the idlest; else the least loaded takes the call. Pure; one
// thread; owned by Client. Every place that take() gives must come back by give_back(), once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/llm/breaker.hpp"
#include "core/llm/endpoint.hpp"
#include "core/result.hpp"

namespace emostage::llm {

using EndpointSet = std::uint64_t;  // one bit for each endpoint

class EndpointPool {
public:
    static constexpr std::size_t endpoints_max = 64;

    struct Place {
        std::size_t endpoint = 0;
        bool probe = false;  // its outcome decides whether the breaker closes
    };

    // Requires: 1 to endpoints_max endpoints.
    EndpointPool(std::vector<EndpointConfig> endpoints, const Breaker::Settings& breaker,
                 std::size_t affinity_margin);

    static constexpr EndpointSet all = ~EndpointSet{0};

    // One of `among`; `tried` ones are taken only when there is no other. Errc::model_unreachable:
    // every breaker is open; Errc::model_busy: those that work are full.
    Result<Place> take(std::string_view session, EndpointSet tried, TimePoint now,
                       EndpointSet among = all);

    // Verdicts on the call in `place`, before it is given back; the first one of a probe decides.
    void succeeded(Place& place);
    void failed(Place& place, TimePoint now);
    void give_back(const Place& place);

    // Asked to be left alone (Retry-After): taken only when there is no other.
    void rest(std::size_t endpoint, TimePoint until);

    // When a call that has `tried` these can best go on: now if another endpoint is free, else when
    // the first of the usable ones is rested.
    bool has_other(EndpointSet tried, TimePoint now, EndpointSet among = all) const;
    TimePoint rested_at(TimePoint now, EndpointSet among = all) const;

    EndpointSet named(std::string_view name) const;            // that endpoint, or none
    EndpointSet continuing() const { return continuing_; }     // declared to continue answers
    bool takes_calls(EndpointSet among, TimePoint now) const;  // one of these does

    const EndpointConfig& config(std::size_t endpoint) const { return entries_[endpoint].config; }
    EndpointMeter& meter(std::size_t endpoint) { return entries_[endpoint].meter; }
    std::vector<EndpointStatus> status() const;

private:
    struct Entry {
        EndpointConfig config;
        std::uint64_t hash = 0;
        Breaker breaker;
        std::size_t running = 0;
        std::uint64_t calls = 0;
        std::uint64_t failures = 0;
        TimePoint rests_until{};
        EndpointMeter meter = {};
    };

    int rank(std::size_t endpoint, EndpointSet tried, TimePoint now, EndpointSet among) const;

    std::vector<Entry> entries_;
    EndpointSet continuing_ = 0;
    std::size_t affinity_margin_;
    std::size_t turn_ = 0;  // spreads calls without a session over equally loaded endpoints
};

}  // namespace emostage::llm
