#include "core/llm/endpoint_pool.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <limits>

namespace emostage::llm {
namespace {

constexpr int unusable = 4;

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
    return XXH64(text.data(), text.size(), seed);
}

constexpr EndpointSet bit(std::size_t endpoint) { return EndpointSet{1} << endpoint; }

}  // namespace

EndpointPool::EndpointPool(std::vector<EndpointConfig> endpoints, const Breaker::Settings& breaker,
                           std::size_t affinity_margin)
    : affinity_margin_(affinity_margin) {
    assert(!endpoints.empty() && endpoints.size() <= endpoints_max);
    entries_.reserve(endpoints.size());
    for (EndpointConfig& config : endpoints) {
        const std::uint64_t name_hash = hash(config.name, 0);
        if (config.capabilities.continues != Continues::no) continuing_ |= bit(entries_.size());
        entries_.push_back({std::move(config), name_hash, Breaker(breaker)});
    }
}

// 0 is best; `unusable`: breaker open, no room, or not among those that may.
int EndpointPool::rank(std::size_t endpoint, EndpointSet tried, TimePoint now,
                       EndpointSet among) const {
    const Entry& entry = entries_[endpoint];
    if ((among & bit(endpoint)) == 0) return unusable;
    if (!entry.breaker.allows(now) || entry.running >= entry.config.calls_max) return unusable;
    return ((tried & bit(endpoint)) != 0 ? 1 : 0) + (now < entry.rests_until ? 2 : 0);
}

Result<EndpointPool::Place> EndpointPool::take(std::string_view session, EndpointSet tried,
                                               TimePoint now, EndpointSet among) {
    int best_rank = unusable;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const int its = rank(i, tried, now, among);
        if (its > best_rank || its == unusable) continue;
        if (its < best_rank) least = std::numeric_limits<std::size_t>::max();
        best_rank = its;
        least = std::min(least, entries_[i].running);
    }
    if (best_rank == unusable) {
        bool works = false;
        for (std::size_t i = 0; i < entries_.size(); ++i) {
            works = works || ((among & bit(i)) != 0 && entries_[i].breaker.allows(now));
        }
        return works ? fail(Errc::model_busy, "every endpoint is full")
                     : fail(Errc::model_unreachable, "every endpoint's breaker is open");
    }
    std::optional<std::size_t> home;  // of the session, then: the least loaded
    std::optional<std::size_t> idlest;
    std::uint64_t home_weight = 0;
    std::uint64_t idlest_weight = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (rank(i, tried, now, among) != best_rank) continue;
        const Entry& entry = entries_[i];
        const std::uint64_t weight =
            session.empty() ? (i + entries_.size() - turn_ % entries_.size()) % entries_.size() + 1
                            : hash(session, entry.hash);
        if (!home || weight > home_weight) {
            home = i;
            home_weight = weight;
        }
        if (entry.running == least && (!idlest || weight > idlest_weight)) {
            idlest = i;
            idlest_weight = weight;
        }
    }
    ++turn_;
    const bool stays = !session.empty() && entries_[*home].running <= least + affinity_margin_;
    const std::size_t chosen = stays ? *home : *idlest;
    Entry& entry = entries_[chosen];
    ++entry.running;
    ++entry.calls;
    return Place{chosen, entry.breaker.begin(now)};
}

void EndpointPool::succeeded(Place& place) {
    Entry& entry = entries_[place.endpoint];
    entry.breaker.succeeded(place.probe, entry.running);
    place.probe = false;
}

void EndpointPool::failed(Place& place, TimePoint now) {
    Entry& entry = entries_[place.endpoint];
    entry.breaker.failed(place.probe, entry.running, now);
    ++entry.failures;
    place.probe = false;
}

void EndpointPool::give_back(const Place& place) {
    Entry& entry = entries_[place.endpoint];
    assert(entry.running > 0);
    entry.breaker.abandoned(place.probe);
    --entry.running;
}

void EndpointPool::rest(std::size_t endpoint, TimePoint until) {
    entries_[endpoint].rests_until = std::max(entries_[endpoint].rests_until, until);
}

bool EndpointPool::has_other(EndpointSet tried, TimePoint now, EndpointSet among) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (rank(i, tried, now, among) == 0) return true;
    }
    return false;
}

EndpointSet EndpointPool::named(std::string_view name) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].config.name == name) return bit(i);
    }
    return 0;
}

bool EndpointPool::takes_calls(EndpointSet among, TimePoint now) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (rank(i, 0, now, among) != unusable) return true;
    }
    return false;
}

TimePoint EndpointPool::rested_at(TimePoint now, EndpointSet among) const {
    auto earliest = TimePoint::max();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (rank(i, 0, now, among) != unusable) {
            earliest = std::min(earliest, std::max(now, entries_[i].rests_until));
        }
    }
    return earliest == TimePoint::max() ? now : earliest;
}

std::vector<EndpointStatus> EndpointPool::status() const {
    std::vector<EndpointStatus> all;
    all.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        all.push_back({entry.config.name, entry.running, entry.breaker.state(), entry.calls,
                       entry.failures, entry.config.model, entry.breaker.opens(), entry.meter});
    }
    return all;
}

}  // namespace emostage::llm
