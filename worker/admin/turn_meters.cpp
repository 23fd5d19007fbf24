#include "worker/admin/turn_meters.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace emostage::worker {

void PipelineMeter::merge(const PipelineMeter& other) {
    assert(pipeline == other.pipeline && stages.size() == other.stages.size());
    for (std::size_t i = 0; i < ends; ++i) took[i].merge(other.took[i]);
    first_delta.merge(other.first_delta);
    own.merge(other.own);
    degraded += other.degraded;
    restarts += other.restarts;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        auto& mine = stages[i];
        const auto& its = other.stages[i];
        for (std::size_t end = 0; end < StageMeter::ends; ++end) mine.ended[end] += its.ended[end];
        for (std::size_t code = 0; code < StageMeter::codes; ++code) {
            mine.failures[code] += its.failures[code];
        }
        mine.took.merge(its.took);
    }
}

TurnMeters::TurnMeters(const PipelineSet& pipelines) {
    for (const auto& [name, pipeline] : pipelines) {
        const auto place = names_.add(name);
        meters_.resize(names_.size());
        if (place == metrics::LabelSet::other) continue;
        meters_[place].pipeline = name;
        for (const Stage& stage : pipeline->stages) {
            meters_[place].stages.emplace_back(stage.name);
        }
    }
    meters_.resize(names_.size());
    meters_[metrics::LabelSet::other].pipeline = metrics::LabelSet::other_name;
}

void TurnMeters::moved(wire::LeaseId lease, TimePoint at) {
    Own& own = own_[lease];
    if (std::exchange(own.moves, true)) return;
    own.since = at;
    moving_.push_back(lease);
}

void TurnMeters::ended(wire::LeaseId lease, const std::string& pipeline, const RunReport& report) {
    const auto place = names_.find(pipeline);
    PipelineMeter& meter = meters_[place];
    meter.took[static_cast<std::size_t>(report.end)].observe(report.took);
    if (report.first_delta) meter.first_delta.observe(*report.first_delta);
    meter.degraded += report.degraded ? 1 : 0;
    meter.restarts += static_cast<std::uint64_t>(report.restarts);
    const auto stages = std::min(meter.stages.size(), report.stages.size());
    for (std::size_t i = 0; i < stages; ++i) {
        const StageReport& stage = report.stages[i];
        StageMeter& into = meter.stages[i];
        ++into.ended[static_cast<std::size_t>(stage.end)];
        if (stage.end == StageReport::End::done) into.took.observe(stage.took);
        if (stage.end == StageReport::End::failed) {
            ++into.failures[static_cast<std::size_t>(stage.why)];
        }
    }
    if (const auto found = own_.find(lease); found != own_.end()) {
        ending_.push_back({place, found->second, report.end == RunReport::End::completed});
        own_.erase(found);
    }
}

void TurnMeters::sent(TimePoint at) {
    for (const auto lease : moving_) {
        const auto found = own_.find(lease);
        if (found == own_.end()) continue;  // it ended
        found->second.so_far = found->second.until(at);
        found->second.moves = false;
    }
    moving_.clear();
    for (const Ending& ending : ending_) {
        if (ending.counts) meters_[ending.pipeline].own.observe(ending.own.until(at));
    }
    ending_.clear();
}

}  // namespace emostage::worker
