#include "worker/shell/shard.hpp"

#include <algorithm>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/codec/codec.hpp"
#include "core/llm/deadline_queue.hpp"
#include "core/llm/policy.hpp"
#include "core/log/log.hpp"
#include "core/loop/zmq_socket.hpp"
#include "worker/link/output_batch.hpp"

namespace emostage::worker {

namespace {

constexpr int linger_ms = 1'000;  // for the last words of a drained worker

// A broker that comes back is found at once: its turns wait. libzmq adds up to reconnect_first_ms.
constexpr int reconnect_first_ms = 50;
constexpr int reconnect_most_ms = 200;

constexpr std::chrono::minutes hedges_told_every{1};

llm::Policy policy_with(const llm::HedgeSettings& hedge) {
    llm::Policy policy;
    policy.hedge = hedge;
    return policy;
}

}  // namespace

class Shard::Impl final : public LinkOutputs {
public:
    Impl(ShardConfig config, std::shared_ptr<const PipelineSet> pipelines, zmq::context_t& context)
        : config_(std::move(config)),
          pipelines_(std::move(pipelines)),
          work_(asio::make_work_guard(loop_)),
          timer_(loop_),
          client_(loop_, config_.endpoints, config_.seed, policy_with(config_.hedge)),
          socket_(loop_, context, zmq::socket_type::dealer),
          link_(config_.link, *this) {
        socket_.raw().set(zmq::sockopt::sndhwm, outbox_messages_max);
        socket_.raw().set(zmq::sockopt::immediate, true);
        socket_.raw().set(zmq::sockopt::linger, linger_ms);
        socket_.raw().set(zmq::sockopt::reconnect_ivl, reconnect_first_ms);
        socket_.raw().set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
    }

    Result<void> connect() { return socket_.connect(config_.broker); }

    void run() {
        client_.on_burst_end([this] { burst_end(); });
        socket_.start([this](ZmqSocket::Frames& frames) { receive(frames); },
                      [this](bool up) { connection(up); }, [this] { burst_end(); });
        link_.on(Link::Start{}, Clock::now());
        settle();
        loop_.run();
    }

    void drain() {
        asio::post(loop_, [this] {
            log::info("draining", {{"running", link_.running()}, {"unkept", link_.unkept()}});
            link_.on(Link::Drain{}, Clock::now());
            settle();
        });
    }

    void stop() { loop_.stop(); }

    // --- LinkOutputs -------------------------------------------------------------------------

    void send(wire::FromWorker message) override {
        if (const auto* output = std::get_if<wire::Output>(&message)) {
            outputs_.add(*output);
        } else {
            outputs_.flush();  // said before it
            send_now(codec::encode_from_worker(message),
                     std::holds_alternative<wire::Ready>(message));
        }
    }

    void start_run(wire::Lease lease) override {
        const auto id = lease.lease;
        const auto pipeline = pipelines_->find(lease.pipeline)->second;
        auto& slot = *slots_.emplace(id, std::make_unique<Slot>(*this, std::move(lease), pipeline))
                          .first->second;
        slot.run.on(Run::Start{}, Clock::now());
        slot.after_input();
    }

    void stop_run(wire::LeaseId lease, bool fenced, const std::string& reason) override {
        const auto found = slots_.find(lease);
        if (found == slots_.end()) return;
        auto& slot = *found->second;
        slot.run.on(Run::Stop{reason, fenced}, Clock::now());
        if (fenced) {
            // What it has not said yet is nobody's to hear.
            slot.events.clear();
            log::info("run fenced", {{"lease", lease}, {"reason", std::string_view(reason)}});
        }
        slot.after_input();
    }

private:
    // Not sent: Ready is said again until it is heard, all else after the next Welcome.
    void send_now(std::string_view message, bool ready = false) {
        if (socket_.send(message) != ZmqSocket::Sent::yes && !ready) ++unsent_;
    }

    // One run with the calls that it has open.
    struct Slot final : RunOutputs, llm::ChatSink {
        Slot(Impl& shard, wire::Lease lease, std::shared_ptr<const Pipeline> pipeline)
            : shard(shard),
              id(lease.lease),
              calls(pipeline->stages.size()),
              run(std::move(lease), std::move(pipeline), shard.config_.run, *this) {}

        void emit(wire::RunEvent event) override { events.push_back(std::move(event)); }

        void start_call(std::size_t stage, llm::ChatRequest request) override {
            calls[stage] = shard.client_.start(std::move(request), *this);
        }
        void stop_call(std::size_t stage) override {
            if (calls[stage]) shard.client_.stop(*calls[stage]);
            calls[stage].reset();
        }
        bool can_continue(TimePoint now) const override { return shard.client_.can_continue(now); }

        void on_content(llm::CallId call, std::string_view text) override {
            run.on(Run::Content{stage_of(call), text}, Clock::now());
            after_input();
        }
        void on_answer(llm::CallId call, llm::ChatAnswer answer) override {
            const auto stage = stage_of(call);
            calls[stage].reset();
            run.on(Run::Answer{stage, std::move(answer)}, Clock::now());
            after_input();
        }
        void on_failure(llm::CallId call, llm::ChatFailure failure) override {
            const auto stage = stage_of(call);
            calls[stage].reset();
            log::warn("call failed", {{"code", name(failure.error.code)},
                                      {"tries", failure.tries},
                                      {"why", log::Sentence{failure.error.message}}});
            run.on(Run::CallFailed{stage, std::move(failure)}, Clock::now());
            after_input();
        }

        std::size_t stage_of(llm::CallId call) const {
            std::size_t stage = 0;
            while (calls[stage] != call) ++stage;
            return stage;
        }

        void after_input() {
            if (const auto time = run.next_time()) shard.due_.set(id, *time);
            shard.touch(*this);
        }

        Impl& shard;
        wire::LeaseId id;
        std::vector<wire::RunEvent> events;             // that the link has not got yet
        std::vector<std::optional<llm::CallId>> calls;  // by stage
        bool touched = false;
        Run run;
    };

    void connection(bool up) {
        if (!up) log::warn("no connection to the broker", {{"running", link_.running()}});
        link_.on(Link::Connection{up}, Clock::now());
        settle();
    }

    void receive(ZmqSocket::Frames& frames) {
        auto message = codec::decode_to_worker(frames.back().to_string_view());
        if (!message) {
            log::warn("unreadable message from the broker", {{"code", name(message.error().code)}});
            return;
        }
        const bool was_registered = link_.registered();
        link_.on(std::move(*message), Clock::now());
        if (!was_registered && link_.registered()) {
            log::info("registered", {{"broker", std::string_view(config_.broker)},
                                     {"slots", config_.link.slots}});
        }
        settle();
    }

    // What several inputs of one loop turn had to tell goes out in one message, once all that was
    // ready has been read: merged, never delayed.
    void touch(Slot& slot) {
        if (!slot.touched) touched_.push_back(slot.id);
        slot.touched = true;
        settle();
    }

    void settle() {
        if (settling_) return;
        settling_ = true;
        if (client_.in_burst() || socket_.in_burst()) return;  // at its end
        asio::post(loop_, [this] { settle_now(); });
    }

    void burst_end() {
        if (settling_) settle_now();
    }

    void settle_now() {
        client_.push();  // first: people wait for the answers to what is asked now
        settling_ = false;
        flush();
        outputs_.flush();
        tell_unsent();
        socket_.look();
        arm();
        if (link_.drained()) finish();
    }

    void flush() {
        const auto ids = std::move(touched_);
        touched_.clear();
        for (const auto id : ids) {
            const auto found = slots_.find(id);
            if (found == slots_.end()) continue;
            auto& slot = *found->second;
            slot.touched = false;
            const bool ended = slot.run.ended();
            if (!slot.events.empty() || ended) {
                link_.on(Link::Said{id, std::exchange(slot.events, {}), ended}, Clock::now());
            }
            if (slot.run.ended()) {  // the link may have stopped it
                due_.remove(id);
                slots_.erase(found);
            }
        }
    }

    void tell_unsent() {
        if (unsent_ == 0) return;
        log::warn("could not send to the broker", {{"messages", unsent_}});
        unsent_ = 0;
    }

    // One timer for the link and all runs, moved only when something is due before it fires.
    void arm() {
        const auto next = std::min(link_.next_time().value_or(TimePoint::max()), due_.next());
        if (next == TimePoint::max() || (armed_ && *armed_ <= next)) return;
        armed_ = next;
        timer_.expires_at(next);
        timer_.async_wait([this](const asio::error_code& error) {
            if (error) return;
            armed_.reset();
            tick();
        });
    }

    void tick() {
        const auto now = Clock::now();
        link_.on(Link::Tick{}, now);
        while (const auto id = due_.take_due(now)) {
            auto& slot = *slots_.at(id);
            slot.run.on(Run::Tick{}, now);
            slot.after_input();
        }
        if (now >= hedges_told_at_ + hedges_told_every) tell_hedges(now);
        settle();
    }

    // Where there are new ones.
    void tell_hedges(TimePoint now) {
        const auto hedges = client_.hedges();
        if (hedges.hedged == hedges_told_) return;
        hedges_told_ = hedges.hedged;
        hedges_told_at_ = now;
        log::info("hedges",
                  {{"calls", hedges.calls}, {"hedged", hedges.hedged}, {"won", hedges.won}});
    }

    void finish() {
        tell_hedges(Clock::now());
        log::info("drained", {});
        work_.reset();
        loop_.stop();
    }

    ShardConfig config_;
    std::shared_ptr<const PipelineSet> pipelines_;
    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    asio::steady_timer timer_;
    std::optional<TimePoint> armed_;
    llm::Client client_;
    ZmqSocket socket_;
    Link link_;
    std::unordered_map<wire::LeaseId, std::unique_ptr<Slot>> slots_;
    std::vector<wire::LeaseId> touched_;
    OutputBatch outputs_{[this](std::string_view message) { send_now(message); }};
    llm::DeadlineQueue due_;  // runs, by lease
    bool settling_ = false;
    std::uint64_t unsent_ = 0;
    std::uint64_t hedges_told_ = 0;
    TimePoint hedges_told_at_{};
};

Shard::Shard(ShardConfig config, std::shared_ptr<const PipelineSet> pipelines,
             zmq::context_t& context)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(pipelines), context)) {}
Shard::~Shard() = default;

Result<void> Shard::connect() { return impl_->connect(); }
void Shard::run() { impl_->run(); }
void Shard::drain() { impl_->drain(); }
void Shard::stop() { impl_->stop(); }

}  // namespace emostage::worker
