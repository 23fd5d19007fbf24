// What the broker measures: how long turns waited and took, by pipeline, why leases were lost, what
// commits took.
//
// Labels are closed sets. A pipeline has a place of its own once a worker has run a turn of it, for
// a name that only a gateway said must not become a time series; gateways are not told apart here,
// their names are nobody's to bound (/queue shows those that wait most). Part of State; one thread;
// pages get copies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/metrics/bounds.hpp"
#include "core/metrics/histogram.hpp"
#include "core/metrics/label_set.hpp"
#include "schemas/errc.hpp"

namespace emostage::broker {

enum class TurnEnd : std::uint8_t { completed, failed, cancelled };
inline constexpr std::size_t turn_ends = 3;

enum class LossCause : std::uint8_t {
    disconnected,  // its worker's connection was gone for too long
    silent,        // its worker did not beat
    not_back,      // its worker did not come back after the broker's start
    replaced,      // another process has its worker's connection
    unlisted,      // its worker does not know of it
    gap,           // what its worker said was lost too often
    wrong,         // what its worker said cannot be
};
inline constexpr std::size_t loss_causes = 7;

constexpr std::string_view name(TurnEnd end) {
    constexpr std::array<std::string_view, turn_ends> names{"completed", "failed", "cancelled"};
    return names[static_cast<std::size_t>(end)];
}

constexpr std::string_view name(LossCause cause) {
    constexpr std::array<std::string_view, loss_causes> names{
        "disconnected", "silent", "not_back", "replaced", "unlisted", "gap", "wrong"};
    return names[static_cast<std::size_t>(cause)];
}

struct PipelineMeter {
    using Histogram = metrics::Histogram;

    Histogram queue_wait{metrics::wait_seconds};   // from the acceptance to the first lease
    Histogram first_delta{metrics::wait_seconds};  // from the acceptance
    std::array<Histogram, turn_ends> took{Histogram(metrics::turn_seconds),
                                          Histogram(metrics::turn_seconds),
                                          Histogram(metrics::turn_seconds)};  // by TurnEnd
    std::uint64_t degraded = 0, resets = 0, continued = 0;
};

struct Meters {
    static constexpr std::size_t pipelines_shown_max = 32;
    static constexpr std::size_t codes = static_cast<std::size_t>(Errc::internal) + 1;

    metrics::LabelSet pipelines{pipelines_shown_max};
    std::vector<PipelineMeter> by_pipeline =
        std::vector<PipelineMeter>(1);  // by place in `pipelines`

    std::array<std::uint64_t, codes> failed{};  // turns, by code
    std::array<std::uint64_t, loss_causes> leases_lost{};
    metrics::Histogram cancel_told{metrics::short_seconds};  // asked for, until the end is told
    metrics::Histogram stopped{metrics::short_seconds};      // a worker asked to stop, until it did

    metrics::Histogram commit{metrics::short_seconds};  // until the core hears that it is stored
    metrics::Histogram commit_bytes{metrics::commit_bytes};
    metrics::Histogram commit_turns{metrics::commit_turns};
    std::uint64_t commits_full = 0;  // not stored, for there was no room

    PipelineMeter& of(std::string_view pipeline) { return by_pipeline[pipelines.find(pipeline)]; }
    void leased(std::string_view pipeline) {
        pipelines.add(pipeline);
        by_pipeline.resize(pipelines.size());
    }
};

}  // namespace emostage::broker
