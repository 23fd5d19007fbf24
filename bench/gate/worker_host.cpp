#include "bench/gate/worker_host.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include "bench/gate/counted.hpp"
#include "bench/gate/script.hpp"
#include "core/codec/codec.hpp"
#include "core/llm/request_body.hpp"

namespace emostage::gate {
namespace {

const std::string worker_name = "worker-0";

worker::LinkConfig link_config(const worker::Pipeline& pipeline, std::uint32_t slots) {
    worker::LinkConfig config;
    config.worker = worker_name;
    config.instance = worker_name + "-instance";
    config.slots = slots;
    config.pipelines = {pipeline.name};
    return config;
}

llm::EndpointConfig endpoint() {
    llm::EndpointConfig config;
    config.name = "127.0.0.1:8000";
    config.url = "http://127.0.0.1:8000/v1";
    config.model = "Qwen/Qwen2.5-7B-Instruct";
    config.capabilities.json_schema = true;
    config.capabilities.continues = llm::Continues::vllm;
    return config;
}

}  // namespace

struct WorkerHost::Running {
    Slot& slot;
    const llm::CallId id;
    const std::size_t stage;
    const llm::ChatRequest request;
    llm::Call call;

    Running(Slot& slot_, llm::CallId id_, std::size_t stage_, llm::ChatRequest request_,
            llm::Call::Shared shared)
        : slot(slot_),
          id(id_),
          stage(stage_),
          request(std::move(request_)),
          call(request, shared) {}
};

struct WorkerHost::Slot final : worker::RunOutputs {
    Slot(WorkerHost& host_, wire::Lease lease)
        : host(host_),
          id(lease.lease),
          calls(host.pipeline_->stages.size()),
          run(std::move(lease), host.pipeline_, host.run_config_, *this) {}

    void emit(wire::RunEvent event) override { events.push_back(std::move(event)); }
    void start_call(std::size_t stage, llm::ChatRequest request) override {
        calls[stage] = host.start_call(*this, stage, std::move(request));
    }
    void stop_call(std::size_t stage) override {
        if (calls[stage]) host.stop_call(*calls[stage]);
        calls[stage].reset();
    }
    bool can_continue(TimePoint now) const override {
        return host.pool_.takes_calls(host.pool_.continuing(), now);
    }

    void after_input() {
        if (const auto time = run.next_time()) host.due_.set(id, *time);
        if (!touched) host.touched_.push_back(id);
        touched = true;
    }

    WorkerHost& host;
    wire::LeaseId id;
    std::vector<wire::RunEvent> events;
    std::vector<std::optional<llm::CallId>> calls;  // by stage
    bool touched = false;
    worker::Run run;
};

WorkerHost::WorkerHost(std::shared_ptr<const worker::Pipeline> pipeline, std::uint32_t slots)
    : now_(start_of_time.steady),
      next_(TimePoint::max()),
      pipeline_(std::move(pipeline)),
      pool_({endpoint()}, policy_.breaker, policy_.affinity_margin),
      budget_(policy_.retry_budget, now_),
      backoff_(policy_.backoff, seed),
      link_(link_config(*pipeline_, slots), *this) {
    run_config_.worker = worker_name;
    requests_.reserve(4 * slots);
}

WorkerHost::~WorkerHost() {
    for (auto& [id, running] : calls_) running->call.stop();
}

// --- the loop --------------------------------------------------------------------------------

template <class Work>
void WorkerHost::loop_turn(Work&& work) {
    counted([&] {
        work();
        flush();
        outputs_.flush();
        ended_.clear();
        next_ = std::min(
            {link_.next_time().value_or(TimePoint::max()), due_.next(), deadlines_.next()});
    });
}

void WorkerHost::start() {
    loop_turn([&] { link_.on(worker::Link::Start{}, now_); });
}

void WorkerHost::received(std::string_view bytes) {
    loop_turn([&] {
        auto message = codec::decode_to_worker(bytes);
        if (!message) throw std::logic_error("a broker's message of the script is refused");
        link_.on(std::move(*message), now_);
    });
}

void WorkerHost::advance(Duration by) {
    const auto until = now_ + by;
    while (next_ <= until) {
        now_ = std::max(now_, next_);
        loop_turn([&] { tick(); });
    }
    now_ = until;
}

void WorkerHost::tick() {
    link_.on(worker::Link::Tick{}, now_);
    while (const auto id = due_.take_due(now_)) {
        auto& slot = *slots_.at(id);
        slot.run.on(worker::Run::Tick{}, now_);
        slot.after_input();
    }
    while (const auto id = deadlines_.take_due(now_)) {
        auto& running = *calls_.at(id);
        apply(running, running.call.on_time(now_));
    }
}

void WorkerHost::flush() {
    const auto ids = std::move(touched_);
    touched_.clear();
    for (const auto id : ids) {
        const auto found = slots_.find(id);
        if (found == slots_.end()) continue;
        auto& slot = *found->second;
        slot.touched = false;
        const bool ended = slot.run.ended();
        if (!slot.events.empty() || ended) {
            link_.on(worker::Link::Said{id, std::exchange(slot.events, {}), ended}, now_);
        }
        if (slot.run.ended()) {
            due_.remove(id);
            slots_.erase(found);
        }
    }
}

// --- LinkOutputs -----------------------------------------------------------------------------

void WorkerHost::send(wire::FromWorker message) {
    if (const auto* output = std::get_if<wire::Output>(&message)) return outputs_.add(*output);
    outputs_.flush();
    to_broker.add({}, codec::encode_from_worker(message));
}

void WorkerHost::start_run(wire::Lease lease) {
    const auto id = lease.lease;
    auto& slot = *slots_.emplace(id, std::make_unique<Slot>(*this, std::move(lease))).first->second;
    slot.run.on(worker::Run::Start{}, now_);
    slot.after_input();
}

void WorkerHost::stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) {
    const auto found = slots_.find(lease);
    if (found == slots_.end()) return;
    auto& slot = *found->second;
    slot.run.on(worker::Run::Stop{reason, fenced}, now_);
    if (fenced) slot.events.clear();
    slot.after_input();
}

// --- calls -----------------------------------------------------------------------------------

llm::CallId WorkerHost::start_call(Slot& slot, std::size_t stage, llm::ChatRequest request) {
    const auto id = ++last_call_;
    const llm::Call::Shared shared{policy_, pool_, budget_, backoff_, parser_};
    auto& running =
        *calls_.emplace(id, std::make_unique<Running>(slot, id, stage, std::move(request), shared))
             .first->second;
    apply(running, running.call.start(now_));
    return id;
}

void WorkerHost::stop_call(llm::CallId call) {
    const auto found = calls_.find(call);
    if (found == calls_.end()) return;
    found->second->call.stop();
    retire(*found->second);
}

void WorkerHost::answers(llm::CallId call, int status) {
    loop_turn([&] {
        auto& running = *calls_.at(call);
        apply(running, running.call.on_connected(now_));
        llm::ResponseHead head;
        head.status = status;
        apply(running, running.call.on_head(head, {now_, start_of_time.unix_ms}));
    });
}

void WorkerHost::pieces(const std::vector<Piece>& ready) {
    loop_turn([&] {
        for (const Piece& piece : ready) {
            const auto found = calls_.find(piece.call);
            if (found == calls_.end()) continue;
            apply(*found->second, found->second->call.on_body(piece.bytes, now_));
        }
    });
}

void WorkerHost::response_ended(llm::CallId call) {
    loop_turn([&] {
        auto& running = *calls_.at(call);
        llm::ExchangeResult result;
        result.answered = true;
        apply(running, running.call.on_end(result, now_));
    });
}

// Carries out what a call has decided.
void WorkerHost::apply(Running& running, llm::Call::Step step) {
    auto& slot = running.slot;
    const auto id = running.id;
    const auto stage = running.stage;
    if (!running.call.content().empty()) {
        slot.run.on(worker::Run::Content{stage, running.call.content()}, now_);
        slot.after_input();
        if (!calls_.contains(id)) return;  // the run has stopped it
    }
    if (step.over()) {
        retire(running);
        slot.calls[stage].reset();
        if (auto* answer = std::get_if<llm::ChatAnswer>(&step.end)) {
            slot.run.on(worker::Run::Answer{stage, std::move(*answer)}, now_);
        } else {
            auto& failure = std::get<llm::ChatFailure>(step.end);
            slot.run.on(worker::Run::CallFailed{stage, std::move(failure)}, now_);
        }
        slot.after_input();
        return;
    }
    if (step.send) {
        requests_.push_back(
            {id, slot.id, stage, request_body(running.request, pool_.config(step.send->endpoint))});
    }
    deadlines_.set(id, running.call.next_time());
}

void WorkerHost::retire(Running& running) {
    deadlines_.remove(running.id);
    const auto found = calls_.find(running.id);
    ended_.push_back(std::move(found->second));
    calls_.erase(found);
}

std::vector<WorkerHost::Request> WorkerHost::take_requests() {
    std::vector<Request> taken;
    taken.reserve(requests_.capacity());
    std::swap(taken, requests_);
    return taken;
}

}  // namespace emostage::gate
