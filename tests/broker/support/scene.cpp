#include "tests/broker/support/scene.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "broker/journal_codec.hpp"
#include "core/codec/hash.hpp"

namespace emostage::broker::test {

wire::RunEvent delta(std::string text) { return wire::Delta{std::move(text), 0}; }

wire::RunEvent completed_as(const std::string& text, std::string state) {
    wire::RunCompleted run;
    run.completed.text_bytes = text.size();
    run.completed.text_hash = codec::text_hash(text);
    run.completed.finish_reason = "stop";
    run.state.bytes = std::move(state);
    return run;
}

std::string type_of(const wire::EventBody& body) {
    static constexpr std::array names{"hello",  "beacon",    "pipelines", "accepted", "started",
                                      "stage",  "delta",     "reset",     "alert",    "completed",
                                      "failed", "cancelled", "rejected"};
    return names[body.index()];
}

// A broker that is made anew stands where the former one stood: the reference is the new one's.
Scene::Scene(Config config)
    : core_(std::in_place, config, *read_stored(disk.open()), out, now),
      broker(*core_),
      config_(std::move(config)) {}

void Scene::store() {
    while (commits_ < out.commits.size()) {
        disk.apply(out.commits[commits_++]);
        broker.on(Committed{}, now);
        deliver();
    }
}

void Scene::fail(Committed::Result result) {
    ++commits_;
    broker.on(Committed{result}, now);
    deliver();
}

void Scene::restart() {
    commits_ = out.commits.size();
    core_.reset();
    core_.emplace(config_, *read_stored(disk.open()), out, now);
}

void Scene::come_back(SceneWorker& worker) {
    worker.route += "'";
    const auto leases = worker.leases;
    beat(worker);
    if (!sent<wire::Register>(worker).empty()) ready(worker);
    for (const auto lease : leases) {
        const auto said = said_.find(lease);
        if (said != said_.end() && worker.leases.contains(lease)) {
            from(worker, wire::Output{lease, 1, said->second});
        }
    }
    beat(worker);
}

wire::Open Scene::an_open(std::string turn, std::string session, std::string text,
                          std::string gateway) {
    wire::Open open;
    open.turn = std::move(turn);
    open.session = std::move(session);
    open.text = std::move(text);
    open.gateway = std::move(gateway);
    return open;
}

void Scene::open(wire::Open open) {
    broker.on(std::move(open), now);
    deliver();
}
void Scene::open(std::string turn, std::string session, std::string text, std::string gateway) {
    open(an_open(std::move(turn), std::move(session), std::move(text), std::move(gateway)));
}
void Scene::cancel(const std::string& turn, const std::string& gateway) {
    broker.on(wire::Cancel{gateway, turn}, now);
    deliver();
}
void Scene::resume(const std::string& turn, std::uint64_t after, const std::string& gateway) {
    broker.on(wire::Resume{gateway, turn, after}, now);
    deliver();
}

SceneWorker& Scene::worker(const std::string& name, std::uint32_t slots,
                           std::vector<std::string> pipelines) {
    auto& made = workers_[name];
    made.name = name;
    made.instance = name + "-1";
    made.route = "route-" + name;
    made.slots = slots;
    made.pipelines = std::move(pipelines);
    made.beat_at = now.steady + 1s;
    ready(made);
    return made;
}
void Scene::ready(SceneWorker& worker) {
    from(worker, wire::Ready{worker.name, worker.instance, worker.slots, worker.pipelines});
}
void Scene::beat(SceneWorker& worker) {
    wire::Beat beat;
    beat.instance = worker.instance;
    beat.number = ++worker.beats;
    beat.leases.assign(worker.leases.begin(), worker.leases.end());
    beat.draining = worker.draining;
    beat.welcome = worker.welcome;
    from(worker, std::move(beat));
}
void Scene::from(const SceneWorker& worker, wire::FromWorker message) {
    broker.on(FromWorker{worker.route, std::move(message)}, now);
    deliver();
}

bool Scene::ended(wire::LeaseId lease) const {
    const auto said = said_.find(lease);
    if (said == said_.end() || said->second.empty()) return false;
    const auto& last = said->second.back();
    return std::holds_alternative<wire::RunCompleted>(last) ||
           std::holds_alternative<wire::Failed>(last) ||
           std::holds_alternative<wire::Cancelled>(last);
}

void Scene::say(const std::string& turn, std::vector<wire::RunEvent> events) {
    if (!lease(turn)) throw std::runtime_error("no lease for " + turn);
    const auto id = lease(turn)->lease;
    auto& said = said_[id];
    auto& worker = workers_.at(holders_.at(id));
    wire::Output output{id, said.size() + 1, std::move(events)};
    said.insert(said.end(), output.events.begin(), output.events.end());
    if (!config_.durable && ended(id)) worker.leases.erase(id);
    from(worker, std::move(output));
}
void Scene::complete(const std::string& turn, const std::string& text, std::string state) {
    say(turn, {completed_as(text, std::move(state))});
}
void Scene::answer(const std::string& turn, const std::string& text, std::string state) {
    std::vector<wire::RunEvent> events{wire::Started{}};
    if (!lease(turn)->shown.empty()) events.push_back(wire::Reset{"worker_lost"});
    events.push_back(delta(text));
    say(turn, std::move(events));
    complete(turn, text, std::move(state));
}

void Scene::advance(milliseconds by) {
    const auto until = now.steady + by;
    const auto go_to = [&](TimePoint at) {
        if (at <= now.steady) return;
        now.unix_ms += to_ms(at - now.steady);
        now.steady = at;
    };
    while (true) {
        auto next = until;
        if (const auto wanted = broker.next_time()) next = std::min(next, *wanted);
        SceneWorker* beats = nullptr;
        for (auto& [name, worker] : workers_) {
            if (!worker.beating || worker.beat_at > next) continue;
            next = worker.beat_at;
            beats = &worker;
        }
        go_to(next);
        if (beats) {
            beats->beat_at += 1s;
            beat(*beats);
        } else if (const auto wanted = broker.next_time(); wanted && *wanted <= now.steady) {
            tick();
            deliver();
        } else {
            return;
        }
    }
}

void Scene::deliver() {
    for (; delivered_ < out.sent.size(); ++delivered_) {
        const auto& [route, message] = out.sent[delivered_];
        for (auto& [name, worker] : workers_) {
            if (worker.route != route) continue;
            if (const auto* lease = std::get_if<wire::Lease>(&message)) {
                worker.leases.insert(lease->lease);
                holders_[lease->lease] = name;
            }
            if (const auto* kept = std::get_if<wire::Kept>(&message)) {
                for (const auto& [lease, ordinal] : kept->leases) {
                    if (ended(lease) && ordinal == said_[lease].size()) worker.leases.erase(lease);
                }
            }
            if (const auto* welcome = std::get_if<wire::Welcome>(&message))
                worker.welcome = welcome->number;
            if (const auto* stop = std::get_if<wire::Stop>(&message))
                worker.leases.erase(stop->lease);
        }
    }
}

std::vector<wire::Event> Scene::events(const std::string& turn, const std::string& gateway) const {
    std::vector<wire::Event> all;
    for (const auto& [to, event] : out.published) {
        if (to == gateway && event.turn == turn) all.push_back(event);
    }
    return all;
}

std::string Scene::types(const std::string& turn, const std::string& gateway) const {
    std::string all;
    for (const auto& event : events(turn, gateway)) {
        all += (all.empty() ? "" : " ") + type_of(event.body);
    }
    return all;
}

const wire::Lease* Scene::lease(const std::string& turn) const {
    const wire::Lease* latest = nullptr;
    for (const auto& [route, message] : out.sent) {
        const auto* lease = std::get_if<wire::Lease>(&message);
        if (lease && lease->turn == turn) latest = lease;
    }
    return latest;
}

std::vector<std::string> Scene::leased() const {
    std::vector<std::string> turns;
    for (const auto& [route, message] : out.sent) {
        if (const auto* lease = std::get_if<wire::Lease>(&message)) turns.push_back(lease->turn);
    }
    return turns;
}

const SceneWorker& Scene::holder(const std::string& turn) const {
    const auto* latest = lease(turn);
    if (!latest) throw std::runtime_error("no lease for " + turn);
    return workers_.at(holders_.at(latest->lease));
}

}  // namespace emostage::broker::test
