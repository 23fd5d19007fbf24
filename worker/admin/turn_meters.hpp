// How long the turns of a shard took, by pipeline and stage, and what of that was our own work.
//
// Own work is what we add to what the model takes: the time from what moves a turn on (its lease,
// an answer, the reply's first piece) until what follows from it has left, summed over the turn.
// What waits in a socket before we read it is the loop's lateness, not this.
//
// A machine: times come in. Pipelines and their stages are a closed set, those of the worker's
// files; more than `pipelines_shown_max` are counted together. One thread; copies are merged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.hpp"
#include "core/metrics/bounds.hpp"
#include "core/metrics/histogram.hpp"
#include "core/metrics/label_set.hpp"
#include "schemas/link.hpp"
#include "worker/pipeline/pipeline.hpp"
#include "worker/run/run_report.hpp"

namespace emostage::worker {

struct StageMeter {
    static constexpr std::size_t ends = 5;
    static constexpr std::size_t codes = static_cast<std::size_t>(Errc::internal) + 1;

    explicit StageMeter(std::string stage_in) : stage(std::move(stage_in)) {}

    std::string stage;
    std::array<std::uint64_t, ends> ended{};         // by StageReport::End
    std::array<std::uint64_t, codes> failures{};     // by code
    metrics::Histogram took{metrics::turn_seconds};  // those that were done
};

struct PipelineMeter {
    static constexpr std::size_t ends = 4;

    std::string pipeline;
    std::array<metrics::Histogram, ends> took{
        metrics::Histogram(metrics::turn_seconds), metrics::Histogram(metrics::turn_seconds),
        metrics::Histogram(metrics::turn_seconds),
        metrics::Histogram(metrics::turn_seconds)};         // by RunReport::End
    metrics::Histogram first_delta{metrics::wait_seconds};  // from the lease on
    metrics::Histogram own{metrics::own_seconds};           // of those that were completed
    std::uint64_t degraded = 0, restarts = 0;
    std::vector<StageMeter> stages;  // none for what is counted together

    void merge(const PipelineMeter& other);  // requires: of the same pipeline
};

class TurnMeters {
public:
    static constexpr std::size_t pipelines_shown_max = 32;

    explicit TurnMeters(const PipelineSet& pipelines);

    // Something has come that moves the turn on; moved() again before sent() changes nothing.
    void moved(wire::LeaseId lease, TimePoint at);
    // The turn's run is over: what it said last is about to leave.
    void ended(wire::LeaseId lease, const std::string& pipeline, const RunReport& report);
    // What followed from all that has moved has left.
    void sent(TimePoint at);
    bool waits_for_sent() const { return !moving_.empty() || !ending_.empty(); }

    const std::vector<PipelineMeter>& pipelines() const { return meters_; }

private:
    struct Own {
        Duration so_far{};
        TimePoint since{};
        bool moves = false;

        Duration until(TimePoint at) const { return so_far + (moves ? at - since : Duration{}); }
    };
    struct Ending {
        std::size_t pipeline;
        Own own;
        bool counts;
    };

    metrics::LabelSet names_{pipelines_shown_max};
    std::vector<PipelineMeter> meters_;           // by place in `names_`
    std::unordered_map<wire::LeaseId, Own> own_;  // of turns that run
    std::vector<wire::LeaseId> moving_;
    std::vector<Ending> ending_;
};

}  // namespace emostage::worker
