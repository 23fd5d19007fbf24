#include "tests/sim/sim_broker.hpp"

#include "broker/journal_codec.hpp"
#include "core/codec/codec.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds probe_after{20};  // as in the shell

}  // namespace

SimBroker::SimBroker(Context& context, broker::Config config, SimDisk& disk)
    : Process(context, "broker"), config_(std::move(config)), disk_(disk) {}

void SimBroker::on_start() {
    auto restored = broker::read_stored(disk_.open());
    if (!restored) {
        context_.checker.violated("what was stored cannot be read: " + restored.error().message);
        restored = broker::empty_state("b");
    }
    batches_ = std::make_unique<broker::EventBatches>(restored->broker);
    core_ = std::make_unique<broker::Broker>(config_, std::move(*restored), *this, now());
}

void SimBroker::on_kill() {
    const bool rest_arrives = context_.random.chance(500);
    for (Connection* connection : connections_) connection->cut(rest_arrives);
    count_up();
    core_.reset();
    batches_.reset();
    peers_.clear();
    gone_.clear();
    probing_ = false;
    for (auto& [name, gateway] : gateways_) gateway.subscribed = false;
    context_.checker.broker_killed();
}

void SimBroker::count_up() {
    const auto counters = snapshot().counters;
    context_.checker.count("recovered", counters.recovered);
    context_.checker.count("commits", counters.commits);
    context_.checker.count("commits failed", counters.commits_failed);
}

void SimBroker::on_timer() {
    context_.checker.broker_looks_at(BrokerInput::time);
    core_->on(broker::Tick{}, now());
}

// --- what its sockets get ------------------------------------------------------------------------

void SimBroker::on_command(const std::string& bytes) {
    context_.checker.broker_looks_at(BrokerInput::command);
    auto command = codec::decode_command(bytes, config_.limits);
    if (!command) {
        context_.checker.violated("a gateway's command is refused as " +
                                  std::string(emostage::name(command.error().error.code)));
        return core_->on(command.error(), now());
    }
    const auto* cancel = std::get_if<wire::Cancel>(&*command);
    const auto cancelled = cancel ? cancel->turn : std::string();
    std::visit([&](auto& known) { core_->on(std::move(known), now()); }, *command);
    if (!cancelled.empty() && on_cancel) on_cancel(cancelled);
}

void SimBroker::on_subscription(const std::string& gateway) {
    gateways_.at(gateway).subscribed = true;
    core_->on(broker::Subscribed{gateway}, now());
}

void SimBroker::on_worker(const std::string& bytes, const std::string& route,
                          Connection& connection) {
    auto message = codec::decode_from_worker(bytes);
    if (!message) return context_.checker.violated("a worker's message cannot be read");
    peers_[route] = {&connection, connection.number()};
    context_.checker.broker_looks_at(BrokerInput::worker);
    core_->on(broker::FromWorker{route, std::move(*message)}, now());
}

// --- what it says --------------------------------------------------------------------------------

void SimBroker::publish(std::string_view gateway, const wire::Event& event) {
    context_.checker.broker_decides(event);
    batches_->add(gateway, event);
    if (batches_->full()) settle();
}

void SimBroker::send(const broker::Route& route, const wire::ToWorker& message) {
    context_.checker.broker_sends(message);
    const auto peer = peers_.find(route);
    const bool there = peer != peers_.end() &&
                       peer->second.connection->number() == peer->second.number &&
                       peer->second.connection->send_to_client(codec::encode_to_worker(message));
    if (there || !gone_.insert(route).second) return;
    // As in the shell: the core is in the middle of a decision and is told in a loop turn of its
    // own.
    context_.timeline.after(0ms, [this, route, life = life()] {
        if (life != this->life()) return;
        deliver([this, route] {
            gone_.erase(route);
            core_->on(broker::Unreachable{route}, now());
        });
    });
}

void SimBroker::worker_gone() {
    if (!alive() || std::exchange(probing_, true)) return;
    context_.timeline.after(probe_after, [this, life = life()] {
        if (life != this->life()) return;
        deliver([this] {
            probing_ = false;
            core_->on(broker::Probe{}, now());
        });
    });
}

void SimBroker::commit(broker::Commit commit) {
    disk_.apply(std::move(commit), *this, [this](broker::Committed committed) {
        context_.checker.broker_looks_at(BrokerInput::commit);
        core_->on(committed, now());
    });
}

void SimBroker::settle() {
    std::vector<Checker::Message> messages;
    batches_->flush([&](std::string_view topic, std::string_view body) {
        messages.push_back({std::string(topic.substr(0, topic.size() - 1)), std::string(body)});
        const auto subscriber = gateways_.find(messages.back().gateway);
        if (subscriber != gateways_.end() && subscriber->second.subscribed)
            subscriber->second.events->send_to_client(std::string(body));
    });
    context_.checker.broker_says(messages);
}

}  // namespace emostage::sim
