#include "tests/broker/support/scene.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

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
    static constexpr std::array names{"hello",     "beacon", "accepted",  "started",
                                      "stage",     "delta",  "reset",     "alert",
                                      "completed", "failed", "cancelled", "rejected"};
    return names[body.index()];
}

Scene::Scene(Config config) : broker(std::move(config), "b1", out) {}

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
    from(worker, std::move(beat));
}
void Scene::from(const SceneWorker& worker, wire::FromWorker message) {
    broker.on(FromWorker{worker.route, std::move(message)}, now);
    deliver();
}

void Scene::say(const std::string& turn, std::vector<wire::RunEvent> events) {
    const auto id = lease(turn)->lease;
    auto& said = ordinals_[id];
    auto& worker = workers_.at(holder(turn).name);
    wire::Output output{id, said + 1, std::move(events)};
    said += output.events.size();
    for (const auto& event : output.events) {
        const bool end = !std::holds_alternative<wire::Started>(event) &&
                         !std::holds_alternative<wire::Stage>(event) &&
                         !std::holds_alternative<wire::Delta>(event) &&
                         !std::holds_alternative<wire::Alert>(event) &&
                         !std::holds_alternative<wire::Reset>(event);
        if (end) worker.leases.erase(id);
    }
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
            if (const auto* lease = std::get_if<wire::Lease>(&message))
                worker.leases.insert(lease->lease);
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
    for (const auto& [route, message] : out.sent) {
        const auto* lease = std::get_if<wire::Lease>(&message);
        if (!lease || lease->lease != latest->lease) continue;
        for (const auto& [name, worker] : workers_) {
            if (worker.route == route) return worker;
        }
    }
    throw std::runtime_error("no worker has the route of " + turn);
}

}  // namespace emostage::broker::test
