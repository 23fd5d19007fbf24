#include "tests/sim/sim_worker.hpp"

#include <array>

#include "core/codec/codec.hpp"

namespace emostage::sim {

using namespace std::chrono_literals;

namespace {

std::string names(const worker::Link::Said& said) {
    static constexpr std::array names{" started", " stage",     " delta",  " reset",
                                      " alert",   " completed", " failed", " cancelled"};
    static_assert(std::variant_size_v<wire::RunEvent> == names.size());
    std::string all;
    for (const auto& event : said.events) all += names[event.index()];
    return said.ended ? all + " (ended)" : all;
}

}  // namespace

// One run with the calls that it has open.
struct SimWorker::Slot final : worker::RunOutputs, llm::ChatSink {
    Slot(SimWorker& shell, wire::Lease lease, std::shared_ptr<const worker::Pipeline> pipeline)
        : shell(shell),
          turn(lease.turn),
          calls(pipeline->stages.size()),
          run(std::move(lease), std::move(pipeline), shell.run_config_, *this) {}

    void emit(wire::RunEvent event) override { events.push_back(std::move(event)); }
    void start_call(std::size_t stage, llm::ChatRequest request) override {
        calls[stage] = shell.model_.start(turn, std::move(request), *this);
    }
    void stop_call(std::size_t stage) override {
        if (calls[stage]) shell.model_.stop(*calls[stage]);
        calls[stage].reset();
    }

    bool can_continue(TimePoint) const override { return shell.settings_.model_continues; }

    void on_content(llm::CallId call, std::string_view text) override {
        run.on(worker::Run::Content{stage_of(call), text}, shell.now().steady);
    }
    void on_answer(llm::CallId call, llm::ChatAnswer answer) override {
        const auto stage = over(call);
        run.on(worker::Run::Answer{stage, std::move(answer)}, shell.now().steady);
    }
    void on_failure(llm::CallId call, llm::ChatFailure failure) override {
        const auto stage = over(call);
        run.on(worker::Run::CallFailed{stage, std::move(failure)}, shell.now().steady);
    }

    std::size_t stage_of(llm::CallId call) const {
        std::size_t stage = 0;
        while (calls[stage] != call) ++stage;
        return stage;
    }
    std::size_t over(llm::CallId call) {
        const auto stage = stage_of(call);
        calls[stage].reset();
        return stage;
    }

    SimWorker& shell;
    std::string turn;
    std::vector<wire::RunEvent> events;
    std::vector<std::optional<llm::CallId>> calls;  // by stage
    worker::Run run;
};

SimWorker::SimWorker(Context& context, std::string name, Settings settings,
                     const worker::PipelineSet& pipelines, SimBroker& broker, Variants& variants)
    : Process(context, std::move(name)),
      settings_(std::move(settings)),
      pipelines_(pipelines),
      broker_(broker),
      model_(context, *this, variants),
      connection_(context, *this, broker,
                  {[this] { link_->on(worker::Link::Connection{true}, now().steady); },
                   [this] { broker_.worker_gone(); },
                   [this](std::string bytes) { broker_.on_worker(bytes, route(), connection_); },
                   [this](std::string bytes) { on_broker(bytes); }}) {
    run_config_.worker = this->name();
}
SimWorker::~SimWorker() = default;

std::string SimWorker::route() const { return name() + "/" + std::to_string(connection_.number()); }

void SimWorker::on_start() {
    draining_ = false;
    disturbed();
    worker::LinkConfig config;
    config.worker = name();
    config.instance = name() + "-" + std::to_string(life());
    config.slots = settings_.slots;
    config.pipelines = settings_.pipelines;
    config.drain = 3s;
    link_ = std::make_unique<worker::Link>(std::move(config), *this);
    link_->on(worker::Link::Start{}, now().steady);
    connection_.connect_soon();
}

void SimWorker::on_kill() {
    disturbed();
    connection_.cut();
    model_.forget_all();
    runs_.clear();
    link_.reset();
}

void SimWorker::drain() {
    context_.history.note(name(), [] { return "drains"; });
    draining_ = true;
    deliver([this] { link_->on(worker::Link::Drain{}, now().steady); });
}

// --- its loop ------------------------------------------------------------------------------------

void SimWorker::on_broker(const std::string& bytes) {
    auto message = codec::decode_to_worker(bytes);
    if (!message) return context_.checker.violated("a broker's message cannot be read");
    if (std::holds_alternative<wire::Welcome>(*message) ||
        std::holds_alternative<wire::BeatAck>(*message))
        confirmed_at_ = context_.timeline.now();
    link_->on(std::move(*message), now().steady);
}

void SimWorker::on_timer() {
    const auto at = now().steady;
    link_->on(worker::Link::Tick{}, at);
    for (auto& [lease, slot] : runs_) {
        const auto due = slot->run.next_time();
        if (due && *due <= at) slot->run.on(worker::Run::Tick{}, at);
    }
}

std::optional<TimePoint> SimWorker::next_time() const {
    auto next = link_->next_time();
    for (const auto& [lease, slot] : runs_) {
        const auto due = slot->run.next_time();
        if (due && (!next || *due < *next)) next = due;
    }
    return next;
}

// What several inputs of one loop turn had to tell goes out in one message per run.
void SimWorker::settle() {
    for (auto at = runs_.begin(); at != runs_.end();) {
        const auto run = at++;  // saying something may stop this run, and no other
        auto& slot = *run->second;
        const bool ended = slot.run.ended();
        if (!slot.events.empty() || ended) {
            worker::Link::Said said{run->first, std::exchange(slot.events, {}), ended};
            context_.history.note(name(),
                                  [&] { return "says of " + slot.turn + ":" + names(said); });
            link_->on(std::move(said), now().steady);
        }
        if (ended) runs_.erase(run);
    }
    if (!link_->drained()) return;
    // The process ends, and its unit starts it again.
    kill();
    context_.timeline.after(context_.random.between(0ms, 500ms), [this] {
        if (!alive()) start();
    });
}

// --- what the link asks for ----------------------------------------------------------------------

void SimWorker::send(wire::FromWorker message) {
    connection_.send_to_server(codec::encode_from_worker(message));
}

void SimWorker::start_run(wire::Lease lease) {
    const auto id = lease.lease;
    const auto pipeline = pipelines_.find(lease.pipeline)->second;
    context_.history.note(name(), [&] {
        return "runs " + lease.turn + " attempt " + std::to_string(lease.attempt) + " shown " +
               std::to_string(lease.shown.size()) + " stages " +
               std::to_string(lease.checkpoint.size());
    });
    auto& slot =
        *runs_.emplace(id, std::make_unique<Slot>(*this, std::move(lease), pipeline)).first->second;
    slot.run.on(worker::Run::Start{}, now().steady);
    settle_soon();
}

void SimWorker::stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) {
    const auto found = runs_.find(lease);
    if (found == runs_.end()) return;
    auto& slot = *found->second;
    context_.history.note(name(), [&] {
        return std::string(fenced ? "is fenced from " : "stops ") + slot.turn + ": " + reason;
    });
    slot.run.on(worker::Run::Stop{reason, fenced}, now().steady);
    if (fenced) slot.events.clear();  // what it has not said yet is nobody's to hear
    settle_soon();
}

}  // namespace emostage::sim
