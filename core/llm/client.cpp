#include "core/llm/client.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <random>
#include <stdexcept>
#include <unordered_map>

#include "core/llm/call.hpp"
#include "core/llm/deadline_queue.hpp"
#include "core/llm/endpoint_url.hpp"
#include "core/llm/policy.hpp"
#include "core/llm/request_body.hpp"
#include "core/llm/transport.hpp"
#include "core/trace/trace_context.hpp"

namespace emostage::llm {
namespace {

constexpr std::size_t idle_connections_max = 8192;

// What every request to an endpoint has.
struct Target {
    std::string url;
    std::vector<std::string> headers;
};

bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

Target make_target(EndpointConfig& config) {
    auto url = parse_endpoint_url(config.url);
    if (!url) throw std::invalid_argument("endpoint " + config.name + ": " + url.error().message);
    if (config.name.empty()) config.name = url->authority;
    if (!is_header_value(config.key)) {
        throw std::invalid_argument("endpoint " + config.name +
                                    ": its key has spaces or characters that a header cannot hold");
    }
    Target target;
    target.url = std::move(url->chat);
    target.headers = {"Content-Type: application/json",
                      "Accept: text/event-stream, application/json", "Expect:"};
    if (!config.key.empty()) target.headers.push_back("Authorization: Bearer " + config.key);
    return target;
}

std::vector<Target> make_targets(std::vector<EndpointConfig>& endpoints) {
    if (endpoints.empty() || endpoints.size() > EndpointPool::endpoints_max) {
        throw std::invalid_argument("1 to " + std::to_string(EndpointPool::endpoints_max) +
                                    " model endpoints are needed");
    }
    std::vector<Target> targets;
    for (EndpointConfig& config : endpoints) targets.push_back(make_target(config));
    return targets;
}

std::size_t connections_for(const std::vector<EndpointConfig>& endpoints) {
    std::size_t connections = 0;
    for (const EndpointConfig& config : endpoints) {
        connections += std::min(config.calls_max, idle_connections_max);
    }
    return std::clamp<std::size_t>(connections, 1, idle_connections_max);
}

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
    struct Running;

    // A call with the request that carries it out: one of two while it is hedged.
    struct Lane final : ExchangeHandler {
        Running& running;
        Call call;
        Exchange* exchange = nullptr;
        bool out = false;  // the other one goes on alone

        Lane(Running& running_, const ChatRequest& request, Call::Shared shared)
            : running(running_), call(request, shared) {}
        Lane(Running& running_, Call::Rival rival) : running(running_), call(rival) {}

        void on_connected(TimePoint now) override {
            running.client.apply(*this, call.on_connected(now), now);
        }
        void on_head(const ResponseHead& head, TimePoint now) override {
            running.client.apply(*this, call.on_head(head, {now, emostage::now().unix_ms}), now);
        }
        void on_body(std::string_view bytes, TimePoint now) override {
            running.client.apply(*this, call.on_body(bytes, now), now);
        }
        void on_end(const ExchangeResult& result, TimePoint now) override {
            exchange = nullptr;
            running.client.apply(*this, call.on_end(result, now), now);
        }
    };

    struct Running {
        Impl& client;
        const CallId id;
        ChatRequest request;  // its texts only until the first content
        ChatSink& sink;
        Lane first;
        std::unique_ptr<Lane> second;
        TimePoint hedge_at = TimePoint::max();
        bool spoken = false;                 // the first content has come
        bool over = false;                   // ended or stopped: nothing may reach the sink
        std::optional<ChatFailure> refused;  // failed in start(), to be told from the loop

        Running(Impl& client_, CallId id_, ChatRequest request_, ChatSink& sink_)
            : client(client_),
              id(id_),
              request(std::move(request_)),
              sink(sink_),
              first(*this, request,
                    {client.policy, client.pool, client.budget, client.backoff, client.parser}) {}

        // Nothing is tried again after the first content.
        void drop_texts() {
            request.shared_prefix.reset();
            std::string().swap(request.user);
            std::string().swap(request.continue_from);
        }

        // Nothing: there is none, or it is out.
        Lane* rival_of(const Lane& lane) {
            Lane* other = &lane == &first ? second.get() : &first;
            return other != nullptr && !other->out ? other : nullptr;
        }
        TimePoint next_time() const {
            auto next = hedge_at;
            if (!first.out) next = std::min(next, first.call.next_time());
            if (second && !second->out) next = std::min(next, second->call.next_time());
            return next;
        }
        std::int64_t tries() const {
            return first.call.tries() + (second ? second->call.tries() : 0);
        }
    };

    asio::io_context& loop;
    Policy policy;
    std::vector<Target> targets;
    EndpointPool pool;
    RetryBudget budget;
    Backoff backoff;
    std::mt19937_64 spans;
    ChunkParser parser;
    Hedge hedge;
    std::unordered_map<CallId, std::unique_ptr<Running>> calls;
    std::vector<std::unique_ptr<Running>> ended;  // perhaps still on the stack; freed from the loop
    DeadlineQueue deadlines;
    asio::steady_timer timer;
    TimePoint timer_at = TimePoint::max();
    CallId last_id = 0;
    Transport transport;

    Impl(asio::io_context& loop_, std::vector<EndpointConfig> endpoints, std::uint64_t seed,
         const Policy& policy_)
        : loop(loop_),
          policy(policy_),
          targets(make_targets(endpoints)),
          pool(endpoints, policy.breaker, policy.affinity_margin),
          budget(policy.retry_budget, Clock::now()),
          backoff(policy.backoff, seed),
          spans(seed),
          hedge(policy.hedge),
          timer(loop_),
          transport(loop_, connections_for(endpoints)) {}

    CallId start(ChatRequest request, ChatSink& sink);
    void stop(CallId id);
    void apply(Lane& lane, Call::Step step, TimePoint now);
    void send(Lane& lane, const Call::Send& what);
    void send_rival(Running& running, TimePoint now);
    void win(Lane& lane);
    void drop(Lane& lane);
    void wait(Running& running);
    void end(Running& running, std::variant<std::monostate, ChatAnswer, ChatFailure> how);
    void tell_refused(CallId id);
    void retire(Running& running);
    void arm_timer();
    void on_timer();
};

CallId Client::Impl::start(ChatRequest request, ChatSink& sink) {
    const CallId id = ++last_id;
    const TimePoint now = Clock::now();
    const bool full = calls.size() >= calls_max;
    auto& running =
        *calls.emplace(id, std::make_unique<Running>(*this, id, std::move(request), sink))
             .first->second;
    Call::Step step;
    if (full) {
        step.end = ChatFailure{{Errc::model_busy, "too many calls at once"}, false, 0};
    } else {
        step = running.first.call.start(now);
        if (running.request.stream) hedge.on_call();
    }
    if (step.over()) {
        running.refused = std::get<ChatFailure>(std::move(step.end));
        asio::post(loop, [weak = weak_from_this(), id] {
            if (const auto self = weak.lock()) self->tell_refused(id);
        });
    } else {
        apply(running.first, std::move(step), now);
    }
    return id;
}

void Client::Impl::tell_refused(CallId id) {
    const auto at = calls.find(id);
    if (at == calls.end()) return;  // stopped meanwhile
    Running& running = *at->second;
    end(running, std::move(*running.refused));
}

void Client::Impl::stop(CallId id) {
    const auto at = calls.find(id);
    if (at == calls.end()) return;
    Running& running = *at->second;
    drop(running.first);
    if (running.second) drop(*running.second);
    retire(running);
}

// Closes its connection before it returns.
void Client::Impl::drop(Lane& lane) {
    lane.out = true;
    lane.call.stop();
    if (lane.exchange != nullptr) transport.close(lane.exchange);
    lane.exchange = nullptr;
}

// It has something to say, or has ended well: the other one is not heard any more.
void Client::Impl::win(Lane& lane) {
    Running& running = lane.running;
    Lane* loser = running.rival_of(lane);
    if (loser != nullptr) drop(*loser);
    if (&lane != &running.first) hedge.on_won();
}

// Carries out what a lane's call has decided.
void Client::Impl::apply(Lane& lane, Call::Step step, TimePoint now) {
    Running& running = lane.running;
    if (!lane.call.content().empty()) {
        if (!running.spoken) {
            running.spoken = true;
            running.drop_texts();
            running.hedge_at = TimePoint::max();
            hedge.on_first_content(now - running.first.call.sent_at());
            win(lane);
        }
        running.sink.on_content(running.id, lane.call.content());
        if (running.over) return;  // the sink has stopped it
    }
    if (lane.exchange != nullptr && step.exchange == Call::Step::Exchange::close) {
        transport.close(lane.exchange);
        lane.exchange = nullptr;
    } else if (lane.exchange != nullptr && step.exchange == Call::Step::Exchange::drain) {
        transport.drain(lane.exchange);
        lane.exchange = nullptr;
    }
    if (std::holds_alternative<ChatFailure>(step.end) && running.rival_of(lane) != nullptr) {
        lane.out = true;
    } else if (step.over()) {
        if (!running.spoken && std::holds_alternative<ChatAnswer>(step.end)) win(lane);
        end(running, std::move(step.end));
        return;
    }
    if (step.send) {
        send(lane, *step.send);
        if (running.request.stream && !running.second) {
            if (const auto delay = hedge.delay()) running.hedge_at = now + *delay;
        }
    }
    wait(running);
}

void Client::Impl::wait(Running& running) {
    deadlines.set(running.id, running.next_time());
    arm_timer();
}

void Client::Impl::send(Lane& lane, const Call::Send& what) {
    const ChatRequest& request = lane.running.request;
    const Target& target = targets[what.endpoint];
    Post post;
    post.url = target.url;
    post.headers = target.headers;
    if (!request.traceparent.empty()) {
        const auto trace = trace::child(request.traceparent, spans());
        if (!trace.empty()) post.headers.push_back("traceparent: " + trace);
    }
    post.body = request_body(request, pool.config(what.endpoint));
    post.connect_timeout = request.timeouts.connect;
    post.fresh_connection = what.fresh_connection;
    lane.exchange = transport.send(std::move(post), lane);
}

// Once for each call, if it is still silent, another endpoint is free, and the share allows it.
void Client::Impl::send_rival(Running& running, TimePoint now) {
    running.hedge_at = TimePoint::max();
    if (!running.first.call.can_have_rival(now) || !hedge.take()) return;
    running.second = std::make_unique<Lane>(running, Call::Rival{running.first.call});
    Lane& rival = *running.second;
    auto step = rival.call.start(now);
    if (step.send) running.first.call.leave_to_rival(step.send->endpoint);
    apply(rival, std::move(step), now);
}

void Client::Impl::end(Running& running,
                       std::variant<std::monostate, ChatAnswer, ChatFailure> how) {
    const CallId id = running.id;
    const auto tries = running.tries();
    ChatSink& sink = running.sink;
    retire(running);
    if (auto* answer = std::get_if<ChatAnswer>(&how)) {
        answer->tries = tries;
        sink.on_answer(id, std::move(*answer));
    } else if (auto* failure = std::get_if<ChatFailure>(&how)) {
        failure->tries = tries;
        sink.on_failure(id, std::move(*failure));
    }
}

void Client::Impl::retire(Running& running) {
    running.over = true;
    running.first.exchange = nullptr;
    if (running.second) running.second->exchange = nullptr;
    deadlines.remove(running.id);
    const auto at = calls.find(running.id);
    ended.push_back(std::move(at->second));
    calls.erase(at);
    if (ended.size() > 1) return;
    asio::post(loop, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->ended.clear();
    });
}

void Client::Impl::arm_timer() {
    const TimePoint next = deadlines.next();
    if (next >= timer_at) return;
    timer_at = next;
    timer.expires_at(next);
    timer.async_wait([weak = weak_from_this()](const asio::error_code& error) {
        const auto self = weak.lock();
        if (self && !error) self->on_timer();
    });
}

void Client::Impl::on_timer() {
    timer_at = TimePoint::max();
    const TimePoint now = Clock::now();
    while (const CallId id = deadlines.take_due(now)) {
        Running& running = *calls.at(id);
        if (now >= running.hedge_at) send_rival(running, now);
        for (Lane* lane : {&running.first, running.second.get()}) {
            if (lane == nullptr || lane->out || running.over) continue;
            if (now >= lane->call.next_time()) apply(*lane, lane->call.on_time(now), now);
        }
        if (!running.over) wait(running);
    }
    arm_timer();
    transport.push();
}

Client::Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed)
    : Client(loop, std::move(endpoints), seed, Policy{}) {}

Client::Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed,
               const Policy& policy)
    : impl_(std::make_shared<Impl>(loop, std::move(endpoints), seed, policy)) {}

Client::~Client() {
    while (!impl_->calls.empty()) impl_->stop(impl_->calls.begin()->first);
}

void Client::on_burst_end(std::function<void()> handler) {
    impl_->transport.on_burst_end(std::move(handler));
}

void Client::push() { impl_->transport.push(); }

bool Client::in_burst() const { return impl_->transport.in_burst(); }

CallId Client::start(ChatRequest request, ChatSink& sink) {
    return impl_->start(std::move(request), sink);
}

void Client::stop(CallId call) { impl_->stop(call); }

bool Client::can_continue(TimePoint now) const {
    return impl_->pool.takes_calls(impl_->pool.continuing(), now);
}

std::vector<EndpointStatus> Client::endpoints(TimePoint) const { return impl_->pool.status(); }

HedgeStatus Client::hedges() const { return impl_->hedge.status(); }

}  // namespace emostage::llm
