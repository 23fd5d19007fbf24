// A worker's shard without its sockets: bytes of the broker and of model servers go in, bytes to
// both come out, as in worker/shell/shard.cpp and core/llm/client.cpp, on a clock that the script
// moves. All that the shard does is counted, libcurl and ZeroMQ are not there.
//
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/gate/mail.hpp"
#include "core/llm/backoff.hpp"
#include "core/llm/call.hpp"
#include "core/llm/chat_chunk.hpp"
#include "core/llm/deadline_queue.hpp"
#include "core/llm/endpoint_pool.hpp"
#include "core/llm/policy.hpp"
#include "core/llm/retry_budget.hpp"
#include "worker/link/link.hpp"
#include "worker/link/output_batch.hpp"
#include "worker/run/run.hpp"

namespace emostage::gate {

class WorkerHost final : private worker::LinkOutputs {
public:
    struct Request {  // to a model server
        llm::CallId call = 0;
        wire::LeaseId lease = 0;
        std::size_t stage = 0;
        std::string body;
    };
    struct Piece {  // of a response's body
        llm::CallId call = 0;
        std::string_view bytes;
    };

    WorkerHost(std::shared_ptr<const worker::Pipeline> pipeline, std::uint32_t slots);
    ~WorkerHost() override;

    // Each is one turn of the loop, with all that is ready in it. Throws std::logic_error where a
    // message cannot be decoded.
    void start();
    void received(std::string_view bytes);       // from the broker
    void answers(llm::CallId call, int status);  // a response has begun
    void pieces(const std::vector<Piece>& ready);
    void response_ended(llm::CallId call);  // as HTTP says

    void advance(Duration by);  // timers included
    TimePoint now() const { return now_; }

    // Whether the response is still read: it is neither whole nor given up.
    bool reads(llm::CallId call) const { return calls_.contains(call); }
    std::size_t calls() const { return calls_.size(); }
    std::size_t runs() const { return slots_.size(); }
    std::vector<Request> take_requests();

    Mail to_broker;

private:
    struct Slot;
    struct Running;

    void send(wire::FromWorker message) override;
    void start_run(wire::Lease lease) override;
    void stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) override;

    template <class Work>
    void loop_turn(Work&& work);
    void tick();
    void flush();
    llm::CallId start_call(Slot& slot, std::size_t stage, llm::ChatRequest request);
    void stop_call(llm::CallId call);
    void apply(Running& running, llm::Call::Step step);
    void retire(Running& running);

    TimePoint now_, next_;
    const std::shared_ptr<const worker::Pipeline> pipeline_;
    worker::RunConfig run_config_;

    llm::Policy policy_;
    llm::EndpointPool pool_;
    llm::RetryBudget budget_;
    llm::Backoff backoff_;
    llm::ChunkParser parser_;
    llm::DeadlineQueue deadlines_;  // of calls
    std::unordered_map<llm::CallId, std::unique_ptr<Running>> calls_;
    std::vector<std::unique_ptr<Running>> ended_;  // perhaps still on the stack
    llm::CallId last_call_ = 0;
    std::vector<Request> requests_;

    worker::Link link_;
    std::unordered_map<wire::LeaseId, std::unique_ptr<Slot>> slots_;
    std::vector<wire::LeaseId> touched_;
    worker::OutputBatch outputs_{[this](std::string_view message) { to_broker.add({}, message); }};
    llm::DeadlineQueue due_;  // of runs
};

}  // namespace emostage::gate
