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
#include "worker/shell/turn_name.hpp"

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
          link_(config_.link, *this),
          meters_(*pipelines_) {
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

    void report(std::function<void(ShardReport)> take) {
        asio::post(loop_, [this, take = std::move(take)] { take(make_report()); });
    }

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
        meters_.moved(id, heard_at_);
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
            log::info("run fenced", {{"lease", lease},
                                     {"turn", slot.name.turn},
                                     {"session", slot.name.session},
                                     {"attempt", slot.name.attempt},
                                     {"trace", slot.name.trace},
                                     {"reason", std::string_view(reason)}});
        } else {
            cancel_.observe(Clock::now() - heard_at_);
        }
        slot.after_input();
    }

private:
    // Not sent: Ready is said again until it is heard, all else after the next Welcome.
    void send_now(std::string_view message, bool ready = false) {
        if (socket_.send(message) == ZmqSocket::Sent::yes || ready) return;
        ++unsent_;
        ++unsent_ever_;
    }

    // One run with the calls that it has open.
    struct Slot final : RunOutputs, llm::ChatSink {
        Slot(Impl& shard, wire::Lease lease, std::shared_ptr<const Pipeline> pipeline)
            : shard(shard),
              id(lease.lease),
              name(lease),
              pipeline(pipeline),
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
            const auto now = Clock::now();
            if (!spoken) shard.meters_.moved(id, now);  // of its pieces the first alone
            spoken = true;
            run.on(Run::Content{stage_of(call), text}, now);
            after_input();
        }
        void on_answer(llm::CallId call, llm::ChatAnswer answer) override {
            const auto now = Clock::now();
            const auto stage = stage_of(call);
            calls[stage].reset();
            shard.meters_.moved(id, now);
            run.on(Run::Answer{stage, std::move(answer)}, now);
            after_input();
        }
        void on_failure(llm::CallId call, llm::ChatFailure failure) override {
            const auto now = Clock::now();
            const auto stage = stage_of(call);
            calls[stage].reset();
            log::warn("call failed", {{"turn", name.turn},
                                      {"session", name.session},
                                      {"attempt", name.attempt},
                                      {"trace", name.trace},
                                      {"stage", pipeline->stages[stage].name},
                                      {"endpoint", failure.endpoint},
                                      {"code", emostage::name(failure.error.code)},
                                      {"tries", failure.tries},
                                      {"why", log::Sentence{failure.error.message}}});
            shard.meters_.moved(id, now);
            run.on(Run::CallFailed{stage, std::move(failure)}, now);
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
        const TurnName name;
        const std::shared_ptr<const Pipeline> pipeline;
        std::vector<wire::RunEvent> events;             // that the link has not got yet
        std::vector<std::optional<llm::CallId>> calls;  // by stage
        bool touched = false;
        bool spoken = false;  // the reply's first piece has come
        Run run;
    };

    void connection(bool up) {
        if (!up) log::warn("no connection to the broker", {{"running", link_.running()}});
        link_.on(Link::Connection{up}, Clock::now());
        settle();
    }

    void receive(ZmqSocket::Frames& frames) {
        heard_at_ = Clock::now();
        auto message = codec::decode_to_worker(frames.back().to_string_view());
        if (!message) {
            ++unreadable_;
            log::warn("unreadable message from the broker", {{"code", name(message.error().code)}});
            return;
        }
        const bool was_registered = link_.registered();
        link_.on(std::move(*message), heard_at_);
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
        if (meters_.waits_for_sent()) meters_.sent(Clock::now());
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
            if (ended) note_end(slot);
            if (!slot.events.empty() || ended) {
                link_.on(Link::Said{id, std::exchange(slot.events, {}), ended}, Clock::now());
            }
            if (slot.run.ended()) {  // the link may have stopped it
                if (!ended) note_end(slot);
                due_.remove(id);
                slots_.erase(found);
            }
        }
    }

    void note_end(const Slot& slot) {
        const auto report = slot.run.report(Clock::now());
        meters_.ended(slot.id, slot.pipeline->name, report);
        const auto& name = slot.name;
        const bool failed = report.end == RunReport::End::failed;
        const auto level = failed ? log::Level::warn : log::Level::debug;
        if (!log::enabled(level)) return;
        log::write(level, "turn ended",
                   {{"turn", name.turn},
                    {"session", name.session},
                    {"attempt", name.attempt},
                    {"trace", name.trace},
                    {"pipeline", slot.pipeline->name},
                    {"end", emostage::worker::name(report.end)},
                    {"code", failed ? emostage::name(report.why) : ""},
                    {"degraded", report.degraded},
                    {"took_ms", report.took}});
    }

    ShardReport make_report() const {
        ShardReport report;
        report.registered = link_.registered();
        report.draining = link_.draining();
        report.slots = config_.link.slots;
        report.running = link_.running();
        report.unkept_turns = link_.unkept();
        report.unkept_events = link_.unkept_events();
        report.unkept_bytes = link_.unkept_bytes();
        report.link = link_.counters();
        report.unsent = unsent_ever_;
        report.unreadable = unreadable_;
        report.pipelines = meters_.pipelines();
        report.endpoints = client_.endpoints(Clock::now());
        report.hedges = client_.hedges();
        report.cancel = cancel_;
        report.late = late_;
        return report;
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
        timer_.async_wait([this, next](const asio::error_code& error) {
            if (error) return;
            armed_.reset();
            late_.observe(Clock::now() - next);
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
    std::uint64_t unsent_ = 0;  // since they were told
    std::uint64_t unsent_ever_ = 0, unreadable_ = 0;
    std::uint64_t hedges_told_ = 0;
    TimePoint hedges_told_at_{};
    TimePoint heard_at_{};  // the broker's last message
    TurnMeters meters_;
    metrics::Histogram cancel_{metrics::short_seconds}, late_{metrics::short_seconds};
};

Shard::Shard(ShardConfig config, std::shared_ptr<const PipelineSet> pipelines,
             zmq::context_t& context)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(pipelines), context)) {}
Shard::~Shard() = default;

Result<void> Shard::connect() { return impl_->connect(); }
void Shard::run() { impl_->run(); }
void Shard::drain() { impl_->drain(); }
void Shard::stop() { impl_->stop(); }
void Shard::report(std::function<void(ShardReport)> take) { impl_->report(std::move(take)); }

}  // namespace emostage::worker
