#include "broker/worker_table.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace emostage::broker {
namespace {

constexpr int silent_beats = 2;

}  // namespace

Worker* WorkerTable::by_route(const Route& route) {
    const auto found = by_route_.find(route);
    return found == by_route_.end() ? nullptr : found->second;
}

Worker* WorkerTable::by_instance(const std::string& instance) {
    const auto found = by_instance_.find(instance);
    return found == by_instance_.end() ? nullptr : found->second;
}

Worker* WorkerTable::add(const std::string& instance, const Route& route, TimePoint now) {
    Worker* worker = make(instance, now, std::nullopt);
    if (!worker) return nullptr;
    worker->route = route;
    by_route_[route] = worker;
    return worker;
}

Worker* WorkerTable::await(const std::string& instance, const std::string& name, TimePoint now,
                           TimePoint until) {
    Worker* worker = make(instance, now, until);
    if (worker) worker->name = name;
    return worker;
}

Worker* WorkerTable::make(const std::string& instance, TimePoint now,
                          std::optional<TimePoint> awaited_until) {
    if (workers_.size() >= config_.workers_max) return nullptr;
    const auto number = ++numbers_;
    auto& worker = workers_[number];
    worker = std::make_unique<Worker>();
    worker->number = number;
    worker->instance = instance;
    worker->awaited_until = awaited_until;
    worker->beat_at = worker->heard_at = now;
    worker->ack_at = now + config_.beat;
    by_instance_[instance] = worker.get();
    due_.emplace(due_at(*worker), number);
    return worker.get();
}

void WorkerTable::move(Worker& worker, const Route& route) {
    const auto before = due_at(worker);
    if (worker.route != route) {
        by_route_.erase(worker.route);
        worker.route = route;
        by_route_[route] = &worker;
    }
    worker.gone_since.reset();
    worker.awaited_until.reset();
    reschedule(worker, before);
    refresh(worker);
}

LossCause WorkerTable::cause_of(const Worker& lost) {
    if (lost.awaited_until) return LossCause::not_back;
    return lost.gone_since ? LossCause::disconnected : LossCause::silent;
}

void WorkerTable::set_pipelines(Worker& worker, const std::vector<std::string>& pipelines) {
    const auto credit = std::exchange(worker.credit, std::nullopt);
    if (credit) {
        for (auto* lane : worker.lanes) lane->erase(*credit);
    }
    worker.lanes.clear();
    for (const auto& pipeline : pipelines) {
        if (!lanes_.contains(pipeline) && lanes_.size() >= config_.pipelines_max) continue;
        auto* lane = &lanes_[pipeline];
        const bool twice =
            std::find(worker.lanes.begin(), worker.lanes.end(), lane) != worker.lanes.end();
        if (!twice) worker.lanes.push_back(lane);
    }
    refresh(worker);
}

std::vector<std::string> WorkerTable::announced() const {
    std::vector<std::string> names;
    names.reserve(lanes_.size());
    for (const auto& [name, lane] : lanes_) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

void WorkerTable::drop_pipeline(Worker& worker, const std::string& pipeline) {
    const auto found = lanes_.find(pipeline);
    if (found == lanes_.end()) return;
    if (worker.credit) found->second.erase(*worker.credit);
    std::erase(worker.lanes, &found->second);
}

void WorkerTable::heard(Worker& worker, TimePoint now) {
    worker.heard_at = now;
    if (!worker.silent) return;
    worker.silent = false;
    refresh(worker);
}

void WorkerTable::beat(Worker& worker, std::uint64_t number, bool draining, TimePoint now) {
    const auto before = due_at(worker);
    worker.beat = number;
    worker.beat_at = worker.heard_at = now;
    worker.draining = draining;
    worker.handed_back = worker.silent = false;
    reschedule(worker, before);
    refresh(worker);
}

void WorkerTable::excuse(Duration unattended) {
    for (auto& [number, worker] : workers_) {
        const auto before = due_at(*worker);
        worker->beat_at += unattended;
        worker->heard_at += unattended;
        reschedule(*worker, before);
    }
}

void WorkerTable::remove(Worker& worker) {
    assert(worker.leases.empty());
    worker.slots = 0;
    refresh(worker);
    due_.erase({due_at(worker), worker.number});
    by_route_.erase(worker.route);
    by_instance_.erase(worker.instance);
    workers_.erase(workers_.find(worker.number));
}

std::uint32_t WorkerTable::free_credit(const Worker& worker) const {
    if (worker.draining || worker.handed_back || worker.silent || worker.gone_since) return 0;
    // Of those that are over no more than it has slots, should the disk be slow.
    const auto held = worker.leases.size() - std::min(worker.over, worker.slots);
    return held >= worker.slots ? 0 : worker.slots - static_cast<std::uint32_t>(held);
}

void WorkerTable::refresh(Worker& worker) {
    const auto free = free_credit(worker);
    std::optional<CreditKey> credit;
    if (free) {
        credit = CreditKey{std::numeric_limits<std::uint32_t>::max() - free, worker.used,
                           worker.number, &worker};
    }
    if (credit && (!worker.credit || worker.credit->taken_of_max > credit->taken_of_max)) ++gains_;
    for (auto* lane : worker.lanes) {
        if (worker.credit) lane->erase(*worker.credit);
        if (credit) lane->insert(*credit);
    }
    worker.credit = credit;
}

bool WorkerTable::has_credit(const std::string& pipeline) const {
    const auto found = lanes_.find(pipeline);
    return found != lanes_.end() && !found->second.empty();
}

Worker* WorkerTable::choose(const std::string& pipeline) {
    const auto found = lanes_.find(pipeline);
    if (found == lanes_.end() || found->second.empty()) return nullptr;
    Worker* worker = found->second.begin()->worker;
    worker->used = ++uses_;
    return worker;
}

bool WorkerTable::complete() const {
    return !workers_.empty() &&
           std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& known) { return known.second->registered; });
}

TimePoint WorkerTable::due_at(const Worker& worker) const {
    auto at = std::min(worker.ack_at, worker.beat_at + config_.lease);
    if (worker.gone_since) at = std::min(at, *worker.gone_since + config_.reconnect);
    if (worker.awaited_until) at = std::min(at, *worker.awaited_until);
    return at;
}

void WorkerTable::reschedule(Worker& worker, TimePoint before) {
    const auto at = due_at(worker);
    if (at == before) return;
    due_.erase({before, worker.number});
    due_.emplace(at, worker.number);
}

std::optional<TimePoint> WorkerTable::next() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
}

Worker* WorkerTable::due(TimePoint now) const {
    if (due_.empty() || due_.begin()->first > now) return nullptr;
    return workers_.find(due_.begin()->second)->second.get();
}

bool WorkerTable::lost(const Worker& worker, TimePoint now) const {
    return now >= worker.beat_at + config_.lease ||
           (worker.gone_since && now >= *worker.gone_since + config_.reconnect) ||
           (worker.awaited_until && now >= *worker.awaited_until);
}

void WorkerTable::acknowledged(Worker& worker, TimePoint now) {
    const auto before = due_at(worker);
    worker.ack_at = now + config_.beat;
    reschedule(worker, before);
    if (!worker.silent && now - worker.heard_at > silent_beats * config_.beat) {
        worker.silent = true;
        refresh(worker);
    }
}

void WorkerTable::unreachable(Worker& worker, TimePoint now) {
    if (worker.gone_since) return;
    const auto before = due_at(worker);
    worker.gone_since = now;
    reschedule(worker, before);
    refresh(worker);
}

std::vector<const Worker*> WorkerTable::all() const {
    std::vector<const Worker*> all;
    for (const auto& [number, worker] : workers_) all.push_back(worker.get());
    return all;
}

}  // namespace emostage::broker
