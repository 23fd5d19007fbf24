#include "core/llm/client.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <stdexcept>
#include <unordered_map>

#include "core/llm/call.hpp"
#include "core/llm/deadline_queue.hpp"
#include "core/llm/endpoint_url.hpp"
#include "core/llm/policy.hpp"
#include "core/llm/request_body.hpp"
#include "core/llm/transport.hpp"

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
    // A call and what carries it out.
    struct Running final : ExchangeHandler {
        Impl& client;
        const CallId id;
        const ChatRequest request;
        ChatSink& sink;
        Call call;
        Exchange* exchange = nullptr;
        bool over = false;                   // ended or stopped: nothing may reach the sink
        std::optional<ChatFailure> refused;  // failed in start(), to be told from the loop

        Running(Impl& client_, CallId id_, ChatRequest request_, ChatSink& sink_)
            : client(client_),
              id(id_),
              request(std::move(request_)),
              sink(sink_),
              call(request,
                   {client.policy, client.pool, client.budget, client.backoff, client.parser}) {}

        void on_connected(TimePoint now) override { client.apply(*this, call.on_connected(now)); }
        void on_head(const ResponseHead& head, TimePoint now) override {
            client.apply(*this, call.on_head(head, {now, emostage::now().unix_ms}));
        }
        void on_body(std::string_view bytes, TimePoint now) override {
            client.apply(*this, call.on_body(bytes, now));
        }
        void on_end(const ExchangeResult& result, TimePoint now) override {
            exchange = nullptr;
            client.apply(*this, call.on_end(result, now));
        }
    };

    asio::io_context& loop;
    Policy policy;
    std::vector<Target> targets;
    EndpointPool pool;
    RetryBudget budget;
    Backoff backoff;
    ChunkParser parser;
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
          timer(loop_),
          transport(loop_, connections_for(endpoints)) {}

    CallId start(ChatRequest request, ChatSink& sink);
    void stop(CallId id);
    void apply(Running& running, Call::Step step);
    void send(Running& running, const Call::Send& what);
    void end(Running& running, std::variant<std::monostate, ChatAnswer, ChatFailure> how);
    void tell_refused(CallId id);
    void retire(Running& running);
    void arm_timer();
    void on_timer();
};

CallId Client::Impl::start(ChatRequest request, ChatSink& sink) {
    const CallId id = ++last_id;
    const bool full = calls.size() >= calls_max;
    auto& running =
        *calls.emplace(id, std::make_unique<Running>(*this, id, std::move(request), sink))
             .first->second;
    Call::Step step;
    if (full) {
        step.end = ChatFailure{{Errc::model_busy, "too many calls at once"}, false, 0};
    } else {
        step = running.call.start(Clock::now());
    }
    if (step.over()) {
        running.refused = std::get<ChatFailure>(std::move(step.end));
        asio::post(loop, [weak = weak_from_this(), id] {
            if (const auto self = weak.lock()) self->tell_refused(id);
        });
    } else {
        apply(running, std::move(step));
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
    running.call.stop();
    if (running.exchange != nullptr) transport.close(running.exchange);
    retire(running);
}

// Carries out what the call has decided.
void Client::Impl::apply(Running& running, Call::Step step) {
    if (!running.call.content().empty()) {
        running.sink.on_content(running.id, running.call.content());
        if (running.over) return;  // the sink has stopped it
    }
    if (running.exchange != nullptr && step.exchange == Call::Step::Exchange::close) {
        transport.close(running.exchange);
        running.exchange = nullptr;
    } else if (running.exchange != nullptr && step.exchange == Call::Step::Exchange::drain) {
        transport.drain(running.exchange);
        running.exchange = nullptr;
    }
    if (step.over()) {
        end(running, std::move(step.end));
        return;
    }
    if (step.send) send(running, *step.send);
    deadlines.set(running.id, running.call.next_time());
    arm_timer();
}

void Client::Impl::send(Running& running, const Call::Send& what) {
    const Target& target = targets[what.endpoint];
    Post post;
    post.url = target.url;
    post.headers = target.headers;
    const std::string& trace = running.request.traceparent;
    if (!trace.empty() && is_header_value(trace)) post.headers.push_back("traceparent: " + trace);
    post.body = request_body(running.request, pool.config(what.endpoint));
    post.connect_timeout = running.request.timeouts.connect;
    post.fresh_connection = what.fresh_connection;
    running.exchange = transport.send(std::move(post), running);
}

void Client::Impl::end(Running& running,
                       std::variant<std::monostate, ChatAnswer, ChatFailure> how) {
    const CallId id = running.id;
    ChatSink& sink = running.sink;
    retire(running);
    if (auto* answer = std::get_if<ChatAnswer>(&how)) {
        sink.on_answer(id, std::move(*answer));
    } else if (auto* failure = std::get_if<ChatFailure>(&how)) {
        sink.on_failure(id, std::move(*failure));
    }
}

void Client::Impl::retire(Running& running) {
    running.over = true;
    running.exchange = nullptr;
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
        apply(running, running.call.on_time(now));
    }
    arm_timer();
}

Client::Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed)
    : Client(loop, std::move(endpoints), seed, Policy{}) {}

Client::Client(asio::io_context& loop, std::vector<EndpointConfig> endpoints, std::uint64_t seed,
               const Policy& policy)
    : impl_(std::make_shared<Impl>(loop, std::move(endpoints), seed, policy)) {}

Client::~Client() {
    while (!impl_->calls.empty()) impl_->stop(impl_->calls.begin()->first);
}

CallId Client::start(ChatRequest request, ChatSink& sink) {
    return impl_->start(std::move(request), sink);
}

void Client::stop(CallId call) { impl_->stop(call); }

bool Client::can_continue(TimePoint now) const {
    return impl_->pool.takes_calls(impl_->pool.continuing(), now);
}

std::vector<EndpointStatus> Client::endpoints(TimePoint) const { return impl_->pool.status(); }

}  // namespace emostage::llm
